"""Arrange training sets as a trainer reads them, by links: no image is copied or changed."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tpod_core.detectors.config import SetSize
from tpod_core.detectors.mixing import Mixture, count_known, mix, union_of_classes
from tpod_core.detectors.protocol import DatasetLayout
from tpod_core.errors import Conflict
from tpod_core.formats.yolo import Manifest, ManifestFrame, Split, label_path, read_manifest

_SPLITS: tuple[Split, ...] = ("train", "val")


@dataclass(frozen=True)
class Ancestry:
    """What a detector inherits from its parent.

    Attributes:
        classes: the parent's classes, in order; new classes of the set are appended.
        sets: the training sets to mix in.
        learnt: every training set that the weights were trained on, mixed in or not.
    """

    classes: tuple[str, ...] = ()
    sets: tuple[Path, ...] = ()
    learnt: tuple[Path, ...] = ()


def size_of(training_set: Path) -> SetSize:
    """Measure a training set. Raises: Conflict if its files are missing."""
    manifest = _manifest(training_set)
    return SetSize(
        train_images=sum(frame.split == "train" for frame in manifest.frames),
        classes=len(manifest.classes),
        longest_side_px=max((max(f.width, f.height) for f in manifest.frames), default=640),
    )


def materialize(
    training_set: Path, directory: Path, ancestry: Ancestry | None = None
) -> DatasetLayout:
    """Write the layout of ``training_set`` and its ancestors' sets into the new ``directory``.

    Images are symbolic links, and so are labels whose class ids do not change; other labels are
    rewritten. The image lists use the links, so that the files that Ultralytics writes beside
    the labels end up in ``directory``.
    Raises: Conflict if the set or one of its files is missing, or no training frame is left.
    """
    ancestry = ancestry or Ancestry()
    sets = [training_set, *(other for other in ancestry.sets if other.is_dir())]
    manifests = [_manifest(path) for path in sets]
    classes = union_of_classes(ancestry.classes, manifests)
    mixture = mix(manifests)
    kept = [replace(own, frames=mixture.frames[number]) for number, own in enumerate(manifests)]
    _require_training(kept[0])
    directory.mkdir(parents=True)
    boxes: Counter[str] = Counter()
    images: dict[Split, list[Path]] = {split: [] for split in _SPLITS}
    for number, (source, manifest) in enumerate(zip(sets, kept, strict=True)):
        linked = _LinkedSet(source, directory / f"mixed-{number}" if number else directory)
        boxes += _link_files(linked, manifest, classes)
        for frame in manifest.frames:
            images[frame.split].append(linked.target / frame.image)
    for split, paths in images.items():
        listed = "".join(f"{path}\n" for path in paths)
        (directory / f"{split}.txt").write_text(listed, encoding="utf-8")
    notes = (*_notes(ancestry, manifests, mixture, boxes), *_overlap_warnings(ancestry, kept))
    return DatasetLayout(directory, classes, tuple(images["train"]), tuple(images["val"]), notes)


def label_of(image: Path) -> Path:
    """Returns the label file of an image of a layout."""
    root = image.parents[2]
    return root / label_path(str(image.relative_to(root)))


@dataclass(frozen=True)
class _LinkedSet:
    """A training set and the directory that holds links to its files."""

    source: Path
    target: Path


def _link_files(linked: _LinkedSet, manifest: Manifest, classes: Sequence[str]) -> Counter[str]:
    """Link the images and labels of a set; returns the number of training boxes by class."""
    linked.target.mkdir(exist_ok=True)
    (linked.target / "images").symlink_to(linked.source / "images")
    _require_images(linked.target / frame.image for frame in manifest.frames)
    ids = {own: classes.index(name) for own, name in enumerate(manifest.classes)}
    same_ids = all(own == new for own, new in ids.items())
    for split in _SPLITS:
        labels = linked.target / "labels" / split
        labels.parent.mkdir(exist_ok=True)
        if same_ids:
            labels.symlink_to(linked.source / "labels" / split)
        else:
            labels.mkdir()
    boxes: Counter[str] = Counter()
    for frame, lines in _labels(linked.source, manifest.frames):
        renumbered = [_with_id(line, ids) for line in lines]
        if not same_ids:
            text = "".join(f"{line}\n" for line in renumbered)
            (linked.target / frame.label_file).write_text(text)
        if frame.split == "train":
            boxes.update(classes[int(line.split(maxsplit=1)[0])] for line in renumbered)
    return boxes


def _labels(
    source: Path, frames: Iterable[ManifestFrame]
) -> Iterator[tuple[ManifestFrame, list[str]]]:
    for frame in frames:
        try:
            yield frame, (source / frame.label_file).read_text(encoding="ascii").splitlines()
        except FileNotFoundError as error:
            raise Conflict(
                f"The labels {frame.label_file} of this training set are missing. Build it again."
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
    missing = len(ancestry.sets) - len(mixed)
    forgotten = [name for name in ancestry.classes if not boxes[name]]
    unlabelled = [n for n in own.classes if any(n not in other.classes for other in mixed)]
    warnings = (
        (
            missing,
            "The files of a training set of the parent are missing, so it is not mixed in.",
        ),
        (
            mixture.leaking,
            f"{mixture.leaking} training frames were left out: they lie in or near the validation "
            "frames of the other training set.",
        ),
        (
            forgotten,
            f"No training frame shows {', '.join(forgotten)}: "
            "the detector may forget what its parent learnt about it.",
        ),
        (
            unlabelled,
            f"The parent's training set does not label {', '.join(unlabelled)}: where its frames "
            "show one, the detector learns it as background.",
        ),
    )
    return tuple(sentence for count, sentence in warnings if count)


def _overlap_warnings(ancestry: Ancestry, kept: Sequence[Manifest]) -> Iterator[str]:
    known = count_known(kept, [_manifest(path) for path in ancestry.learnt if path.is_dir()])
    if known:
        held_out = sum(frame.split == "val" for own in kept for frame in own.frames)
        yield (
            f"{known} of {held_out} validation frames lie in or near frames that the parent was "
            "trained on, so its score and this one are too high. Lock the same videos as held "
            "out for both training sets."
        )


def _require_training(own: Manifest) -> None:
    if not any(frame.split == "train" for frame in own.frames):
        raise Conflict(
            "The parent's set holds out every training frame of this set. "
            "Train without the parent's set, or choose other frames."
        )


def _manifest(training_set: Path) -> Manifest:
    try:
        return read_manifest(training_set)
    except FileNotFoundError as error:
        raise Conflict("The files of this training set are missing. Build it again.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise Conflict("The files of this training set are damaged. Build it again.") from error


def _require_images(images: Iterable[Path]) -> None:
    missing = sum(not path.is_file() for path in images)
    if missing:
        raise Conflict(f"{missing} images of this training set are missing. Build it again.")
