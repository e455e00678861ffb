"""Trying a detector on a picture: what it sees, by name, filtered, and drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col

from tpod_core import access
from tpod_core.annotations.palette import bgr_of
from tpod_core.inference.detection_filter import DetectionFilter, FoundBox, with_class_names
from tpod_core.inference.drawing import Mark
from tpod_core.inference.trained_model import open_model
from tpod_core.models import Detector, DetectorState, User, Video
from tpod_core.video.orientation import Image
from tpod_core.video.source import frame_source


@dataclass(frozen=True)
class FrameDetections:
    """What a detector found in one picture, best first; ``latency_ms`` is the model's alone."""

    boxes: tuple[FoundBox, ...]
    frame_wh: tuple[int, int]
    latency_ms: float


def list_usable(session: Session, user: User) -> list[Detector]:
    """The trained detectors that ``user`` may run, newest first."""
    trained = access.visible(user, Detector).where(Detector.state == DetectorState.TRAINED)
    return list(session.exec(trained.order_by(col(Detector.id).desc())))


def look_at(detector: Detector, image_bgr: Image, wish: DetectionFilter) -> FrameDetections:
    """Run the detector on one picture, (height, width, 3) uint8.

    Raises: InvalidInput for an impossible wish, Conflict if the detector has no model.
    """
    model = open_model(detector)
    wish.check(detector)
    result = model.detect(image_bgr, wish.confidence)
    height, width = image_bgr.shape[:2]
    return FrameDetections(
        wish.select(with_class_names(result, model.labels)), (width, height), result.latency_ms
    )


def read_frame(video: Video, frame_index: int) -> Image:
    """One frame, upright. Raises: NotFound beyond the end; Conflict without frames."""
    with frame_source(video).open() as reader:
        return reader.read(frame_index)


def marks_of(boxes: Sequence[FoundBox], colors: Mapping[str, str]) -> list[Mark]:
    """``boxes`` as they are drawn: name and score on a plate of the label's colour."""
    return [
        Mark(found.box, f"{found.label} {found.score:.2f}", bgr_of(colors[found.label]))
        for found in boxes
    ]
