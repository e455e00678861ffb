"""Runs a detector on one picture, and prepares its detections for drawing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col

from tpod_core import access
from tpod_core.annotations.palette import rgb_of
from tpod_core.inference.detection_filter import DetectionFilter, FoundBox, with_class_names
from tpod_core.inference.trained_model import open_model
from tpod_core.models import Detector, DetectorState, User, Video
from tpod_core.video.bgr_drawing import draw_on_bgr
from tpod_core.video.drawing import Mark
from tpod_core.video.orientation import Image
from tpod_core.video.source import frame_source


@dataclass(frozen=True)
class FrameDetections:
    """The detections in one picture, best first; ``latency_ms`` is the model's time alone."""

    boxes: tuple[FoundBox, ...]
    frame_wh: tuple[int, int]
    latency_ms: float


def list_usable(session: Session, user: User) -> list[Detector]:
    """Returns the trained detectors that ``user`` may run, newest first."""
    trained = access.visible(user, Detector).where(Detector.state == DetectorState.TRAINED)
    return list(session.exec(trained.order_by(col(Detector.id).desc())))


def detect_objects(
    detector: Detector, image_bgr: Image, detection_filter: DetectionFilter
) -> FrameDetections:
    """Run the detector on one picture, (height, width, 3) uint8.

    Raises: InvalidInput for an impossible filter, Conflict if the detector has no model.
    """
    model = open_model(detector)
    detection_filter.check(detector)
    result = model.detect(image_bgr, detection_filter.confidence)
    height, width = image_bgr.shape[:2]
    boxes = detection_filter.select(with_class_names(result, model.labels))
    return FrameDetections(boxes, (width, height), result.latency_ms)


def read_frame(video: Video, frame_index: int) -> Image:
    """Returns one upright frame. Raises: NotFound beyond the end; Conflict without frames."""
    with frame_source(video).open() as reader:
        return reader.read(frame_index)


def draw_detections(
    image_bgr: Image,
    boxes: Sequence[FoundBox],
    frame_wh: tuple[int, int],
    colors: Mapping[str, str],
) -> Image:
    """Returns a copy of the picture with the boxes, their names and their scores.

    Args:
        frame_wh: the size of the picture in whose pixels the boxes are; ``image_bgr`` may be
            smaller.
        colors: of all classes of the detector by name, in the order of their ids. A name that no
            font can draw becomes its number in ``drawing.legend``.
    """
    height, width = image_bgr.shape[:2]
    scale_x, scale_y = width / frame_wh[0], height / frame_wh[1]
    marks = [
        Mark(
            found.box.scaled(scale_x, scale_y).xyxy,
            f"{found.label} {found.score:.2f}",
            rgb_of(colors[found.label]),
            found.label,
        )
        for found in boxes
    ]
    return draw_on_bgr(image_bgr, marks, tuple(colors))
