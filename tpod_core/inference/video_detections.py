"""A detector's detections on the frames of a video: recording, writing and reading them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from tpod_core.detectors.protocol import Detection
from tpod_core.inference.association import LOW_SHARE
from tpod_core.propagation.class_detections import ClassDetections

MAX_PER_FRAME = 100
"""Boxes stored per frame, highest scores first: at most 1,800 bytes per frame, often 100."""


@dataclass(frozen=True, eq=False)
class VideoDetections:
    """A detector's detections on one video; instances compare by identity.

    Attributes:
        labels: the detector's, by class id.
        frames: (f,) the frames that the detector ran on, ascending.
        counts: (f,) the number of boxes on each.
        boxes: (n, 4) float32, x1, y1, x2, y2 in upright source pixels, in the order of frames.
        class_ids: (n,).
    """

    labels: tuple[str, ...]
    frames: NDArray[np.int32]
    counts: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    class_ids: NDArray[np.int16]

    def of_label(self, label: str) -> ClassDetections:
        """Returns the detections of one of ``labels``."""
        kept = np.flatnonzero(self.class_ids == self.labels.index(label))
        numbers = np.repeat(np.arange(len(self.frames)), self.counts)
        return ClassDetections.of(self.frames, numbers[kept], self.boxes[kept])

    def write(self, file: BinaryIO) -> None:
        """Write as numpy's ``.npz``, without pickles."""
        np.savez(
            file,
            allow_pickle=False,
            labels=np.array(self.labels, np.str_),
            frames=self.frames,
            counts=self.counts,
            boxes=self.boxes,
            class_ids=self.class_ids,
        )

    @classmethod
    def read(cls, path: Path) -> "VideoDetections":
        """Read a file that ``write`` wrote.

        Raises: OSError, ValueError, KeyError, EOFError or BadZipFile if it is damaged.
        """
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            return cls(
                tuple(str(label) for label in file["labels"]),
                file["frames"],
                file["counts"],
                file["boxes"],
                file["class_ids"],
            )


@dataclass
class DetectionRecorder:
    """Collects the detections of one frame after the other.

    Attributes:
        labels: the detector's, by class id.
        confidence: the lowest score to keep. A run detects down to this score even if a higher
            one was requested: a weak detection is still evidence that the object is there.
    """

    labels: Sequence[str]
    confidence: float
    _frames: list[int] = field(default_factory=list)
    _found: list[list[Detection]] = field(default_factory=list)

    @classmethod
    def for_model(cls, labels: Sequence[str], recommended_confidence: float) -> "DetectionRecorder":
        """Returns a recorder that keeps detections down to the model's weak ones."""
        return cls(labels, recommended_confidence * LOW_SHARE)

    def add(self, frame: int, detections: Sequence[Detection]) -> None:
        """Add the detections of a frame later than all before, best first."""
        kept = [found for found in detections if found.score >= self.confidence]
        self._frames.append(frame)
        self._found.append(kept[:MAX_PER_FRAME])

    def detections(self) -> VideoDetections:
        """Returns everything recorded so far."""
        every = [found for in_frame in self._found for found in in_frame]
        return VideoDetections(
            tuple(self.labels),
            np.array(self._frames, np.int32),
            np.array([len(in_frame) for in_frame in self._found], np.uint8),
            np.array([found.box.xyxy for found in every], np.float32).reshape(-1, 4),
            np.array([found.class_id for found in every], np.int16),
        )
