"""A training set laid out for a trainer, without a byte of the set copied or changed."""

from pathlib import Path

from tpod_core.detectors.config import SetSize
from tpod_core.detectors.protocol import DataView
from tpod_core.errors import Conflict
from tpod_core.formats.yolo import Manifest, read_manifest


def size_of(training_set: Path) -> SetSize:
    """What the suggested configuration depends on. Raises: Conflict if the files are gone."""
    manifest = _manifest(training_set)
    return SetSize(
        train_images=sum(frame.split == "train" for frame in manifest.frames),
        classes=len(manifest.classes),
        longest_side_px=max((max(f.width, f.height) for f in manifest.frames), default=640),
    )


def make_view(training_set: Path, directory: Path) -> DataView:
    """Lay the set at ``training_set`` out in the new ``directory``.

    ``images`` and each part of ``labels`` are links into the set, and the lists name images
    through them: what Ultralytics writes beside the labels then lands here.
    Raises: Conflict if the set or one of its images is gone.
    """
    manifest = _manifest(training_set)
    directory.mkdir(parents=True)
    (directory / "images").symlink_to(training_set / "images")
    parts = {}
    for part in ("train", "val"):
        label_link = directory / "labels" / part
        label_link.parent.mkdir(exist_ok=True)
        label_link.symlink_to(training_set / "labels" / part)
        images = tuple(directory / frame.image for frame in manifest.frames if frame.split == part)
        _require(images)
        (directory / f"{part}.txt").write_text("".join(f"{path}\n" for path in images))
        parts[part] = images
    return DataView(directory, tuple(manifest.classes), parts["train"], parts["val"])


def _manifest(training_set: Path) -> Manifest:
    try:
        return read_manifest(training_set)
    except FileNotFoundError as error:
        raise Conflict("The files of this training set are gone. Build it again.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise Conflict("The files of this training set are damaged. Build it again.") from error


def _require(images: tuple[Path, ...]) -> None:
    missing = sum(not path.is_file() for path in images)
    if missing:
        raise Conflict(f"{missing} images of this training set are gone. Build it again.")
