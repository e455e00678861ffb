"""Run a trained detector, of whatever family, over pictures and over the frames of videos.

What runs is the published ONNX model, by the very code that is downloaded with it
(``predict.py``), on the GPU where onnxruntime finds one.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tpod_core.detectors.paths import ONNX_NAME, model_key
from tpod_core.detectors.protocol import Detection
from tpod_core.errors import Conflict
from tpod_core.models import Detector, DetectorState, saved_id
from tpod_core.storage import get_storage
from tpod_core.video.orientation import Image
from tpod_core.video.reader import VideoReader
from tpod_core.video.scan import ProgressMonitor

MODELS_KEPT = 3
"""Models that stay loaded in a process; a large one takes a few hundred megabytes."""


@dataclass(frozen=True)
class InferenceResult:
    """What a detector sees in one picture, best first, and how long it looked."""

    detections: tuple[Detection, ...]
    latency_ms: float


@dataclass(frozen=True)
class InferredFrame:
    """A frame of a video, upright, and what a detector sees in it."""

    frame_index: int
    image_bgr: Image
    sighting: InferenceResult


class TrainedModel:
    """A published model. Any thread may use it; it looks at one picture at a time."""

    def __init__(self, directory: Path) -> None:
        # Imports onnxruntime, which a process that runs no model does without.
        from tpod_core.inference.predict import Detector as Exported  # noqa: PLC0415

        self._exported = Exported(directory)
        self._in_use = threading.Lock()

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of what it finds, by ``class_id``."""
        return tuple(self._exported.labels)

    @property
    def recommended_confidence(self) -> float:
        return self._exported.confidence

    def detect(self, image_bgr: Image, confidence: float | None = None) -> InferenceResult:
        """Everything in a picture with at least ``confidence``, in the picture's own pixels.

        Args:
            image_bgr: (height, width, 3), uint8.
            confidence: 0 to 1; ``None`` takes the recommended one.
        """
        with self._in_use:
            start = time.perf_counter()
            rows = self._exported.detect(image_bgr, confidence)
            latency_ms = (time.perf_counter() - start) * 1000
        found = (Detection.of(row) for row in rows)
        kept = tuple(each for each in found if each.box.width > 0 and each.box.height > 0)
        return InferenceResult(kept, latency_ms)


def open_model(detector: Detector) -> TrainedModel:
    """The model of a trained detector, loaded once per process and publication.

    Raises: Conflict if the detector has no model yet, or its files are gone or damaged.
    """
    require_trained(detector)
    directory = get_storage().path(model_key(saved_id(detector)))
    try:
        published_ns = (directory / ONNX_NAME).stat().st_mtime_ns
    except FileNotFoundError as error:
        raise Conflict(
            f"The model of {detector.name} is gone from the disk. Export it again."
        ) from error
    with _loading:
        return _loaded(directory, published_ns)


def require_trained(detector: Detector) -> None:
    """Raises: Conflict if the detector has no model yet."""
    if detector.state is not DetectorState.TRAINED:
        raise Conflict(
            f"{detector.name} has no model yet ({detector.state}). Train it to the end first."
        )


def detect_in_frames(
    model: TrainedModel,
    reader: VideoReader,
    frames: Sequence[int],
    confidence: float | None,
    watch: ProgressMonitor,
) -> Iterator[tuple[int, InferenceResult]]:
    """What ``model`` sees on each of ``frames``, ascending, in upright source pixels."""
    for seen in look_through(model, reader, frames, confidence, watch):
        yield seen.frame_index, seen.sighting


def look_through(
    model: TrainedModel,
    reader: VideoReader,
    frames: Sequence[int],
    confidence: float | None,
    watch: ProgressMonitor,
) -> Iterator[InferredFrame]:
    """As ``detect_in_frames``, with the pictures."""
    for done, (frame_index, image) in enumerate(reader.read_many(frames), start=1):
        watch.check()
        yield InferredFrame(frame_index, image, model.detect(image, confidence))
        watch.progress(done / len(frames), f"Looked at {done} of {len(frames)} frames")


_loading = threading.Lock()


@lru_cache(maxsize=MODELS_KEPT)
def _loaded(directory: Path, published_ns: int) -> TrainedModel:
    """A new publication is another model: its time is part of the key."""
    from onnxruntime.capi import onnxruntime_pybind11_state as ort  # noqa: PLC0415

    damaged = (ort.Fail, ort.InvalidArgument, ort.InvalidGraph, ort.InvalidProtobuf, ort.NoModel)
    try:
        return TrainedModel(directory)
    except (OSError, ValueError, KeyError, *damaged) as error:
        raise Conflict(
            f"The files of this model are damaged ({type(error).__name__}). Export it again."
        ) from error
