"""Training sets laid out for a trainer, without a byte of them copied or changed."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tpod_core.detectors.config import SetSize
from tpod_core.detectors.mixing import Mixture, count_known, mix, union_of_classes
from tpod_core.detectors.protocol import DatasetLayout
from tpod_core.errors import Conflict
from tpod_core.formats.yolo import Manifest, ManifestFrame, Split, label_path, read_manifest

_PARTS: tuple[Split, ...] = ("train", "val")


@dataclass(frozen=True)
class Ancestry:
    """What a detector's parent brings along.

    Attributes:
        classes: come first, in this order; the set's own are appended.
        sets: the training sets to mix in.
        learnt: all that its weights were trained on, mixed in or not.
    """

    classes: tuple[str, ...] = ()
    sets: tuple[Path, ...] = ()
    learnt: tuple[Path, ...] = ()


def size_of(training_set: Path) -> SetSize:
    """What the suggested configuration depends on. Raises: Conflict if the files are gone."""
    manifest = _manifest(training_set)
    return SetSize(
        train_images=sum(frame.split == "train" for frame in manifest.frames),
        classes=len(manifest.classes),
        longest_side_px=max((max(f.width, f.height) for f in manifest.frames), default=640),
    )


def materialize(
    training_set: Path, directory: Path, ancestry: Ancestry | None = None
) -> DatasetLayout:
    """Lay the set at ``training_set`` out in the new ``directory``, and its ancestors' with it.

    Images are reached through links, and so are labels whose class ids stay what they are;
    others are written anew. The lists name images through the links: what Ultralytics writes
    beside the labels then lands here.
    Raises: Conflict if the set or one of its files is gone, or nothing is left to train on.
    """
    ancestry = ancestry or Ancestry()
    sets = [training_set, *(other for other in ancestry.sets if other.is_dir())]
    manifests = [_manifest(path) for path in sets]
    classes = union_of_classes(ancestry.classes, manifests)
    mixture = mix(manifests)
    taken = [replace(own, frames=mixture.frames[number]) for number, own in enumerate(manifests)]
    _require_training(taken[0])
    directory.mkdir(parents=True)
    boxes: Counter[str] = Counter()
    images: dict[Split, list[Path]] = {part: [] for part in _PARTS}
    for number, (source, manifest) in enumerate(zip(sets, taken, strict=True)):
        place = _Place(source, directory / f"mixed-{number}" if number else directory)
        boxes += _link_files(place, manifest, classes)
        for frame in manifest.frames:
            images[frame.split].append(place.target / frame.image)
    for part, paths in images.items():
        (directory / f"{part}.txt").write_text("".join(f"{path}\n" for path in paths))
    notes = (*_notes(ancestry, manifests, mixture, boxes), *_flattered(ancestry, taken))
    return DatasetLayout(directory, classes, tuple(images["train"]), tuple(images["val"]), notes)


def label_of(image: Path) -> Path:
    """The label file of an image of a view."""
    root = image.parents[2]
    return root / label_path(str(image.relative_to(root)))


@dataclass(frozen=True)
class _Place:
    """Where a set is, and where it is laid out."""

    source: Path
    target: Path


def _link_files(place: _Place, manifest: Manifest, classes: Sequence[str]) -> Counter[str]:
    """Links to the set's images and labels; returns the boxes to train on, by class."""
    place.target.mkdir(exist_ok=True)
    (place.target / "images").symlink_to(place.source / "images")
    _require(place.target / frame.image for frame in manifest.frames)
    ids = {own: classes.index(name) for own, name in enumerate(manifest.classes)}
    same = all(own == wanted for own, wanted in ids.items())
    for part in _PARTS:
        labels = place.target / "labels" / part
        labels.parent.mkdir(exist_ok=True)
        if same:
            labels.symlink_to(place.source / "labels" / part)
        else:
            labels.mkdir()
    boxes: Counter[str] = Counter()
    for frame, lines in _labels(place.source, manifest.frames):
        wanted = [_with_id(line, ids) for line in lines]
        if not same:
            (place.target / frame.label_file).write_text("".join(f"{line}\n" for line in wanted))
        if frame.split == "train":
            boxes.update(classes[int(line.split(maxsplit=1)[0])] for line in wanted)
    return boxes


def _labels(
    source: Path, frames: Iterable[ManifestFrame]
) -> Iterator[tuple[ManifestFrame, list[str]]]:
    for frame in frames:
        try:
            yield frame, (source / frame.label_file).read_text(encoding="ascii").splitlines()
        except FileNotFoundError as error:
            raise Conflict(
                f"The labels {frame.label_file} of this training set are gone. Build it again."
            ) from error


def _with_id(line: str, ids: Mapping[int, int]) -> str:
    own, _, rest = line.partition(" ")
    try:
        return f"{ids[int(own)]} {rest}"
    except (KeyError, ValueError) as error:
        raise Conflict(
            f"The labels of this training set name a class ({own[:20]}) that it does not have. "
            "Build it again."
        ) from error


def _notes(
    ancestry: Ancestry,
    manifests: Sequence[Manifest],
    mixture: Mixture,
    boxes: Mapping[str, int],
) -> tuple[str, ...]:
    own, *mixed = manifests
    gone = len(ancestry.sets) - len(mixed)
    forgotten = [name for name in ancestry.classes if not boxes[name]]
    unlabelled = [n for n in own.classes if any(n not in other.classes for other in mixed)]
    wanted = (
        (
            gone,
            "The files of a training set that the parent learnt from are gone; it is not mixed in.",
        ),
        (
            mixture.leaking,
            f"{mixture.leaking} training frames were left out: they lie in or near the validation "
            "part of the other training set.",
        ),
        (
            forgotten,
            f"Nothing to train on shows {', '.join(forgotten)}: "
            "the detector may forget what its parent knew of it.",
        ),
        (
            unlabelled,
            f"The parent's training set does not label {', '.join(unlabelled)}: where its frames "
            "show one, the detector takes it for background.",
        ),
    )
    return tuple(sentence for count, sentence in wanted if count)


def _flattered(ancestry: Ancestry, taken: Sequence[Manifest]) -> Iterator[str]:
    known = count_known(taken, [_manifest(path) for path in ancestry.learnt if path.is_dir()])
    if known:
        held_out = sum(frame.split == "val" for own in taken for frame in own.frames)
        yield (
            f"{known} of {held_out} validation frames lie in or near what the parent was trained "
            "on: it knows them, and its score and this one flatter. Lock the same videos as held "
            "out for both training sets."
        )


def _require_training(own: Manifest) -> None:
    if not any(frame.split == "train" for frame in own.frames):
        raise Conflict(
            "Every training frame of this set is held out by the parent's set. "
            "Train without the parent's set, or choose other frames."
        )


def _manifest(training_set: Path) -> Manifest:
    try:
        return read_manifest(training_set)
    except FileNotFoundError as error:
        raise Conflict("The files of this training set are gone. Build it again.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise Conflict("The files of this training set are damaged. Build it again.") from error


def _require(images: Iterable[Path]) -> None:
    missing = sum(not path.is_file() for path in images)
    if missing:
        raise Conflict(f"{missing} images of this training set are gone. Build it again.")
