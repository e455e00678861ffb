"""Stores the detections of runs over a video, as evidence on its propagated boxes.

There is one file per video and detector, written at the end of a successful run; it replaces
the file of an earlier run of the same detector. For a label that several detectors know, the
latest run counts. The files are deleted with the video. The file of a deleted detector is
ignored, and deleted at the next run of any detector.
"""

from collections.abc import Collection
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

from sqlmodel import Session, select

from tpod_core.boxes_revision import bump_boxes_revision
from tpod_core.inference.video_detections import VideoDetections
from tpod_core.log import get_logger
from tpod_core.models import Detector, Video, saved_id
from tpod_core.propagation.class_detections import ClassDetections
from tpod_core.storage import get_storage
from tpod_core.video.source import directory_key

_CACHED_FILES, _CACHED_LABELS = 2, 8
_NAME = "looks-{}.npz"

_log = get_logger(__name__)


def save(session: Session, video: Video, detector: Detector, detections: VideoDetections) -> None:
    """Replace the stored detections of ``detector`` on ``video``.

    Call it last in the transaction that writes the results of the run.
    Raises: StorageFull.
    """
    key = f"{directory_key(saved_id(video))}/{_NAME.format(detector.id)}"
    with get_storage().writing(key) as file:
        detections.write(file)
    bump_boxes_revision(session, saved_id(video))
    names = _names(session)
    for path in _paths(video):
        if path.name not in names:
            path.unlink(missing_ok=True)


def load_by_label(
    session: Session, video: Video, labels: Collection[str]
) -> dict[str, ClassDetections]:
    """Returns, for each label that a detector knows, the detections of the latest run."""
    by_label: dict[str, ClassDetections] = {}
    for _, path, written_ns in _current_files(session, video):
        if detections := _read(path, written_ns):
            for label in set(labels).intersection(detections.labels).difference(by_label):
                by_label[label] = _of_label(detections, label)
    return by_label


def state_tag(session: Session, video: Video) -> str:
    """Returns a tag that changes whenever the answer of ``load_by_label`` may change."""
    files = _current_files(session, video)
    return f"{len(files)}-{files[0].written_ns}" if files else "0"


class _File(NamedTuple):
    detector_id: int
    path: Path
    written_ns: int


@lru_cache(maxsize=_CACHED_FILES)
def _read(path: Path, written_ns: int) -> VideoDetections | None:
    """``written_ns`` is part of the cache key, so a rewritten file is read again."""
    try:
        return VideoDetections.read(path)
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        # Labels are shown without detector evidence rather than not at all.
        _log.exception("%s is damaged and ignored", path)
        return None


@lru_cache(maxsize=_CACHED_LABELS)
def _of_label(detections: VideoDetections, label: str) -> ClassDetections:
    return detections.of_label(label)


def _current_files(session: Session, video: Video) -> list[_File]:
    """Returns the files of detectors that still exist, newest first."""
    paths = _paths(video)
    names = _names(session) if paths else {}
    current = []
    for path in paths:
        if path.name in names:
            with suppress(FileNotFoundError):  # Another process may delete it at this moment.
                current.append(_File(names[path.name], path, path.stat().st_mtime_ns))
    return sorted(current, key=lambda each: (-each.written_ns, -each.detector_id))


def _paths(video: Video) -> list[Path]:
    """Returns the files beside a video, including those of deleted detectors."""
    return list(get_storage().path(directory_key(saved_id(video))).glob(_NAME.format("*")))


def _names(session: Session) -> dict[str, int]:
    """Returns the detector of each possible file name."""
    ids = session.exec(select(Detector.id)).all()
    return {_NAME.format(detector_id): detector_id for detector_id in ids if detector_id}
