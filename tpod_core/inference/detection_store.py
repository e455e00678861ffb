"""What detectors saw in a video, frame by frame, kept beside it for whoever doubts its labels.

There is one file per video and detector, written at the end of a run over the video: of a run
that failed or was cancelled nothing is kept, and a newer run of the same detector takes the
place of the older one, whichever frames that looked at. Of several detectors that know a label
the one that ran last is heard. It goes with the video; that of a deleted detector is not heard
any more, and removed at the next run.
"""

from collections.abc import Collection
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

from sqlmodel import Session, select

from tpod_core.inference.video_detections import VideoDetections
from tpod_core.log import get_logger
from tpod_core.models import Detector, Video, saved_id
from tpod_core.propagation.class_detections import ClassDetections
from tpod_core.propagation.store import bump_boxes_revision
from tpod_core.storage import get_storage
from tpod_core.video.source import directory_key

_FILES_OPEN, _VIEWS_KEPT = 2, 8
_NAME = "looks-{}.npz"

_log = get_logger(__name__)


def save(session: Session, video: Video, detector: Detector, looks: VideoDetections) -> None:
    """Keep ``looks`` in the place of what the detector saw in the video before.

    Call it last in the transaction that writes what came of the run.
    Raises: StorageFull.
    """
    key = f"{directory_key(saved_id(video))}/{_NAME.format(detector.id)}"
    with get_storage().writing(key) as file:
        looks.write(file)
    bump_boxes_revision(session, saved_id(video))
    names = _names(session)
    for path in _paths(video):
        if path.name not in names:
            path.unlink(missing_ok=True)


def by_label(session: Session, video: Video, labels: Collection[str]) -> dict[str, ClassDetections]:
    """What was seen of those of ``labels`` that a detector knows, by the one that ran last."""
    seen: dict[str, ClassDetections] = {}
    for _, path, written_ns in _heard(session, video):
        if looks := _read(path, written_ns):
            for label in set(labels).intersection(looks.labels).difference(seen):
                seen[label] = _of_label(looks, label)
    return seen


def state_tag(session: Session, video: Video) -> str:
    """Changes whenever ``by_label`` would say something else."""
    heard = _heard(session, video)
    return f"{len(heard)}-{heard[0].written_ns}" if heard else "0"


class _File(NamedTuple):
    detector_id: int
    path: Path
    written_ns: int


@lru_cache(maxsize=_FILES_OPEN)
def _read(path: Path, written_ns: int) -> VideoDetections | None:
    """A file written anew is another: its time is part of the key."""
    try:
        return VideoDetections.read(path)
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        # Labels are shown without a second opinion rather than not at all.
        _log.exception("%s is damaged; what it says is left out", path)
        return None


@lru_cache(maxsize=_VIEWS_KEPT)
def _of_label(looks: VideoDetections, label: str) -> ClassDetections:
    return looks.of_label(label)


def _heard(session: Session, video: Video) -> list[_File]:
    """The files of detectors that are still there, the newest first."""
    paths = _paths(video)
    names = _names(session) if paths else {}
    heard = []
    for path in paths:
        if path.name in names:
            with suppress(FileNotFoundError):  # It may go with its detector at this moment.
                heard.append(_File(names[path.name], path, path.stat().st_mtime_ns))
    return sorted(heard, key=lambda each: (-each.written_ns, -each.detector_id))


def _paths(video: Video) -> list[Path]:
    """The files beside a video, those of deleted detectors among them."""
    return list(get_storage().path(directory_key(saved_id(video))).glob(_NAME.format("*")))


def _names(session: Session) -> dict[str, int]:
    """The detector of each name that a file may have."""
    ids = session.exec(select(Detector.id)).all()
    return {_NAME.format(detector_id): detector_id for detector_id in ids if detector_id}
