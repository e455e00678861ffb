"""What the labelling screen tells the browser, as plain values."""

from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit

from pages._labeling.canvas import Surface
from pages._labeling.session import LabelingSession
from tpod_core.models import Video

_WIDTH_STEP = 160


def constants(video: Video) -> dict[str, Any]:
    """What the annotator is mounted with. Equal at every rerun, or its script is sent again."""
    return {
        "id": video.id,
        "name": video.name,
        "fps": video.fps,
        "width": video.width,
        "height": video.height,
        "back": "videos",
    }


def feed(desk: LabelingSession) -> dict[str, Any]:
    """What the server shows now; the shapes are those that ``annotator.js`` reads."""
    surface = desk.surface
    return {
        "video": desk.video.id,
        "frames": desk.video.frame_count,
        "client": desk.client,
        "acknowledged": desk.acknowledged,
        "revision": desk.seen,
        "visit": {"frame": desk.visit.frame, "sentinel": desk.visit.sentinel},
        "stage": desk.stage_wh,
        "canvas": surface and _canvas(surface),
        "boxes": [
            {
                "track": box.track_id,
                "label": box.label,
                "box": box.box.xyxy,
                "human": box.keyframe,
                "occluded": box.occluded,
                "uncertainty": box.uncertainty,
                "proposed": box.proposed,
            }
            for box in desk.shown
        ],
        "labels": [{"name": label.name, "color": label.color} for label in desk.labels],
        "label": desk.label,
        "aside": sorted(desk.aside),
        "notice": asdict(desk.notice),
    }


def _canvas(surface: Surface) -> dict[str, int]:
    width, height = surface.canvas_wh
    return {"width": width, "height": height, "frameWidth": _frame_width(surface)}


def frame_url(desk: LabelingSession, surface: Surface, page_url: str) -> str:
    """Absolute, because the canvas reads a relative address as the path of a file."""
    parts = urlsplit(page_url)
    path = f"/api/v1/videos/{desk.video.id}/frames/{desk.visit.frame}"
    return f"{parts.scheme}://{parts.netloc}{path}?width={_frame_width(surface)}"


def _frame_width(surface: Surface) -> int:
    """Pixels asked of the server: enough for the canvas, in steps that caches like."""
    return min(surface.frame_wh[0], -(-surface.canvas_wh[0] // _WIDTH_STEP) * _WIDTH_STEP)
