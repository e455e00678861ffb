"""Runs a trained detector of any family on pictures and on the frames of videos.

Runs the published ONNX model with the code that is downloaded with it (``predict.py``), on the
GPU where onnxruntime finds one.
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
    """The detections in one picture, best first, and the time that inference took."""

    detections: tuple[Detection, ...]
    latency_ms: float


@dataclass(frozen=True)
class InferredFrame:
    """An upright frame of a video with its detections."""

    frame_index: int
    image_bgr: Image
    result: InferenceResult


class TrainedModel:
    """A published model. Any thread may use it; it processes one picture at a time."""

    def __init__(self, directory: Path) -> None:
        # Imports onnxruntime, which processes that run no model must not load.
        from tpod_core.inference.predict import Detector as Exported  # noqa: PLC0415

        self._exported = Exported(directory)
        self._in_use = threading.Lock()

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of its classes, by ``class_id``."""
        return tuple(self._exported.labels)

    @property
    def recommended_confidence(self) -> float:
        return self._exported.confidence

    def detect(self, image_bgr: Image, confidence: float | None = None) -> InferenceResult:
        """Returns the detections with at least ``confidence``, in the picture's own pixels.

        Args:
            image_bgr: (height, width, 3), uint8.
            confidence: 0 to 1; ``None`` takes the recommended one.
        """
        with self._in_use:
            start = time.perf_counter()
            rows = self._exported.detect(image_bgr, confidence)
            latency_ms = (time.perf_counter() - start) * 1000
        return InferenceResult(tuple(Detection.of(row) for row in rows), latency_ms)


def open_model(detector: Detector) -> TrainedModel:
    """Returns the model of a trained detector, loaded once per process and publication.

    Raises: Conflict if the detector has no model yet, or its files are missing or damaged.
    """
    require_trained(detector)
    directory = get_storage().path(model_key(saved_id(detector)))
    try:
        published_ns = (directory / ONNX_NAME).stat().st_mtime_ns
    except FileNotFoundError as error:
        raise Conflict(
            f"The model of {detector.name} is missing from the disk. Export it again."
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
    """Yield (frame index, detections) of each of ``frames``, ascending, in upright pixels."""
    for frame in detect_with_images(model, reader, frames, confidence, watch):
        yield frame.frame_index, frame.result


def detect_with_images(
    model: TrainedModel,
    reader: VideoReader,
    frames: Sequence[int],
    confidence: float | None,
    watch: ProgressMonitor,
) -> Iterator[InferredFrame]:
    """As ``detect_in_frames``, with the images."""
    for done, (frame_index, image) in enumerate(reader.read_many(frames), start=1):
        watch.check()
        yield InferredFrame(frame_index, image, model.detect(image, confidence))
        watch.progress(done / len(frames), f"Ran on {done} of {len(frames)} frames")


_loading = threading.Lock()


@lru_cache(maxsize=MODELS_KEPT)
def _loaded(directory: Path, published_ns: int) -> TrainedModel:
    """``published_ns`` is part of the cache key, so a new publication is loaded again."""
    from onnxruntime.capi import onnxruntime_pybind11_state as ort  # noqa: PLC0415

    damaged = (ort.Fail, ort.InvalidArgument, ort.InvalidGraph, ort.InvalidProtobuf, ort.NoModel)
    try:
        return TrainedModel(directory)
    except (OSError, ValueError, KeyError, *damaged) as error:
        raise Conflict(
            f"The files of this model are damaged ({type(error).__name__}). Export it again."
        ) from error
