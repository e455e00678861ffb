"""What a detector sees in a video, frame by frame: taken down, written and read again."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from tpod_core.detectors.protocol import Detection
from tpod_core.inference.association import LOW_SHARE
from tpod_core.propagation.class_detections import ClassDetections

MOST_PER_FRAME = 100
"""Boxes kept of a frame, the surest: a file has at most 1,800 bytes a frame, often 100."""


@dataclass(frozen=True, eq=False)
class VideoDetections:
    """The detections of one run over a video; equal to itself alone.

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

    def of_label(self, label: str) -> ClassDetections:
        """What was seen of one of ``labels``."""
        kept = np.flatnonzero(self.class_ids == self.labels.index(label))
        numbers = np.repeat(np.arange(len(self.frames)), self.counts)
        return ClassDetections.of(self.frames, numbers[kept], self.boxes[kept])

    def write(self, file: BinaryIO) -> None:
        """As numpy's ``.npz``, without pickles."""
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
        """What ``write`` wrote. Raises: OSError, ValueError, KeyError, EOFError or BadZipFile
        if it is damaged."""
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
    def for_model(cls, labels: Sequence[str], recommended_confidence: float) -> "DetectionRecorder":
        """With what the model itself would take for weak."""
        return cls(labels, recommended_confidence * LOW_SHARE)

    def add(self, frame: int, detections: Sequence[Detection]) -> None:
        """What was seen on a frame later than all before, best first."""
        kept = [found for found in detections if found.score >= self.confidence]
        self._frames.append(frame)
        self._found.append(kept[:MOST_PER_FRAME])

    def closed(self) -> VideoDetections:
        """All of it."""
        every = [found for of_frame in self._found for found in of_frame]
        return VideoDetections(
            tuple(self.labels),
            np.array(self._frames, np.int32),
            np.array([len(of_frame) for of_frame in self._found], np.uint8),
            np.array([found.box.xyxy for found in every], np.float32).reshape(-1, 4),
            np.array([found.class_id for found in every], np.int16),
        )
