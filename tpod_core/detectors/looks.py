"""What detectors saw in a video, frame by frame, kept beside it for whoever doubts its labels.

There is one file per video and detector, written at the end of a run over the video: of a run
that failed or was cancelled nothing is kept, and a newer run of the same detector takes the
place of the older one, whichever frames that looked at. Of several detectors that know a label
the one that ran last is heard. It goes with the video; that of a deleted detector is not heard
any more, and removed at the next run.
"""

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session, col, select

from tpod_core.detectors.association import LOW_SHARE
from tpod_core.detectors.protocol import Detection
from tpod_core.detectors.seen import Seen
from tpod_core.log import get_logger
from tpod_core.models import Detector, Video, saved_id
from tpod_core.storage import get_storage

MOST_PER_FRAME = 100
"""Boxes kept of a frame, the surest: a file has at most 1,800 bytes a frame, often 100."""

_FILES_OPEN, _VIEWS_KEPT = 2, 8
_NAME = "looks-{}.npz"

_log = get_logger(__name__)


@dataclass(frozen=True)
class Looks:
    """The detections of one run over a video.

    Attributes:
        labels: the detector's, by class id.
        frames: (f,) the frames that it looked at, ascending.
        counts: (f,) how many boxes it saw on each.
        boxes: (n, 4) float32, x1, y1, x2, y2 in upright source pixels, in the order of frames.
        class_ids: (n,).
    """

    labels: tuple[str, ...]
    frames: NDArray[np.int32]
    counts: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    class_ids: NDArray[np.int16]

    def of_label(self, label: str) -> Seen:
        """What was seen of one of ``labels``."""
        kept = np.flatnonzero(self.class_ids == self.labels.index(label))
        numbers = np.repeat(np.arange(len(self.frames)), self.counts)
        return Seen.of(self.frames, numbers[kept], self.boxes[kept])


@dataclass
class LookBook:
    """Takes down what a detector sees on one frame after the other.

    Attributes:
        labels: the detector's, by class id.
        confidence: from this score on. A run looks as low as that, whatever it is asked for:
            a weak detection still says that the object is there.
    """

    labels: Sequence[str]
    confidence: float
    _frames: list[int] = field(default_factory=list)
    _found: list[list[Detection]] = field(default_factory=list)

    @classmethod
    def for_model(cls, labels: Sequence[str], recommended_confidence: float) -> "LookBook":
        """With what the model itself would take for weak."""
        return cls(labels, recommended_confidence * LOW_SHARE)

    def add(self, frame: int, detections: Sequence[Detection]) -> None:
        """What was seen on a frame later than all before, best first."""
        kept = [found for found in detections if found.score >= self.confidence]
        self._frames.append(frame)
        self._found.append(kept[:MOST_PER_FRAME])

    def closed(self) -> Looks:
        """All of it."""
        every = [found for of_frame in self._found for found in of_frame]
        return Looks(
            tuple(self.labels),
            np.array(self._frames, np.int32),
            np.array([len(of_frame) for of_frame in self._found], np.uint8),
            np.array([found.box.xyxy for found in every], np.float32).reshape(-1, 4),
            np.array([found.class_id for found in every], np.int16),
        )


def save(session: Session, video: Video, detector: Detector, looks: Looks) -> None:
    """Keep ``looks`` in the place of what the detector saw in the video before.

    Call it last in the transaction that writes what came of the run.
    Raises: StorageFull.
    """
    directory = _directory(saved_id(video))
    with get_storage().writing(f"{directory}/{_NAME.format(detector.id)}") as file:
        np.savez(
            file,
            allow_pickle=False,
            labels=np.array(looks.labels, np.str_),
            frames=looks.frames,
            counts=looks.counts,
            boxes=looks.boxes,
            class_ids=looks.class_ids,
        )
    for each in _files(saved_id(video)):
        if session.get(Detector, each.detector_id) is None:
            each.path.unlink(missing_ok=True)


def load(path: Path) -> Looks:
    """What ``save`` wrote. Raises: OSError, ValueError, KeyError, BadZipFile if it is damaged."""
    with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
        return Looks(
            tuple(str(label) for label in file["labels"]),
            file["frames"],
            file["counts"],
            file["boxes"],
            file["class_ids"],
        )


def by_label(session: Session, video: Video, labels: Collection[str]) -> dict[str, Seen]:
    """What was seen of those of ``labels`` that a detector knows, by the one that ran last."""
    seen: dict[str, Seen] = {}
    for _, path, written_ns in _heard(session, video):
        known = _read(path, written_ns)
        for label in set(labels).intersection(known.labels if known else ()).difference(seen):
            seen[label] = _of_label(path, written_ns, label)
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
def _read(path: Path, written_ns: int) -> Looks | None:
    """A file written anew is another: its time is part of the key."""
    try:
        return load(path)
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        # Labels are shown without a second opinion rather than not at all.
        _log.exception("%s is damaged; what it says is left out", path)
        return None


@lru_cache(maxsize=_VIEWS_KEPT)
def _of_label(path: Path, written_ns: int, label: str) -> Seen:
    looks = _read(path, written_ns)
    assert looks is not None, "its labels were read from it"
    return looks.of_label(label)


def _heard(session: Session, video: Video) -> list[_File]:
    """The files of detectors that are still there, the newest first."""
    files = _files(saved_id(video))
    if not files:
        return []
    ids = [each.detector_id for each in files]
    there = set(session.exec(select(Detector.id).where(col(Detector.id).in_(ids))))
    heard = (each for each in files if each.detector_id in there)
    return sorted(heard, key=lambda each: (-each.written_ns, -each.detector_id))


def _files(video_id: int) -> list[_File]:
    found = []
    for path in get_storage().path(_directory(video_id)).glob(_NAME.format("*")):
        with suppress(FileNotFoundError):  # It may go with its detector at this moment.
            detector_id = int(path.stem.removeprefix("looks-"))
            found.append(_File(detector_id, path, path.stat().st_mtime_ns))
    return found


def _directory(video_id: int) -> str:
    """With the video's other files, so that it goes with them."""
    return f"videos/{video_id}"
