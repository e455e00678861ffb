"""Canvas <-> boxes: the one door between canvas pixels and pixels of the frame. Pure.

streamlit-drawable-canvas keeps few properties of a box, so two facts travel in disguise
(measured on 0.13.0): the track id in ``strokeDashOffset``, and the visit that a drawing
belongs to in the label of an invisible box, the sentinel.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from tpod_core.geometry import MIN_SIDE_PX, Box, clip
from tpod_core.services.annotations import FrameBox, PutBox

STROKE_PX = 2
FONT_PX = 12
HANDLE_PX = 9
SNAP_PX = 3.0
"""An edge dropped this close to the border of the canvas means the border."""
UNCHANGED_PX = 0.05
"""Canvas pixels by which a box that nobody touched may come back (four decimals)."""
_SENTINEL = "__"
_DASHES = [7, 4]
_ORIGIN = {"left": 0.0, "top": 0.0, "center": 0.5, "right": 1.0, "bottom": 1.0}


@dataclass(frozen=True)
class Visit:
    """One stay on one frame of one video; no two stays ever have the same ``token``."""

    frame: int
    revision: int
    token: str

    @property
    def sentinel(self) -> str:
        return f"{_SENTINEL}{self.frame}:{self.revision}:{self.token}"


@dataclass(frozen=True)
class Surface:
    """A canvas of ``canvas_wh`` CSS pixels on which a frame of ``frame_wh`` is stretched."""

    canvas_wh: tuple[int, int]
    frame_wh: tuple[int, int]

    @property
    def scale(self) -> tuple[float, float]:
        """Canvas pixels per pixel of the frame, horizontally and vertically."""
        return self.canvas_wh[0] / self.frame_wh[0], self.canvas_wh[1] / self.frame_wh[1]

    def to_canvas(self, box: Box) -> Box:
        sx, sy = self.scale
        return Box(box.x1 * sx, box.y1 * sy, box.x2 * sx, box.y2 * sy)

    def to_frame(self, box: Box) -> Box:
        """The frame's box of a canvas box, edges near the canvas's border snapped to it."""
        (width, height), (sx, sy) = self.canvas_wh, self.scale
        return Box(
            0.0 if box.x1 <= SNAP_PX else box.x1 / sx,
            0.0 if box.y1 <= SNAP_PX else box.y1 / sy,
            float(self.frame_wh[0]) if box.x2 >= width - SNAP_PX else box.x2 / sx,
            float(self.frame_wh[1]) if box.y2 >= height - SNAP_PX else box.y2 / sy,
        )


@dataclass(frozen=True)
class DrawnBox:
    """A box on the canvas, in canvas pixels; without ``track_id`` it is new."""

    track_id: int | None
    label: str
    box: Box
    rotated: bool = False


@dataclass(frozen=True)
class Drawing:
    """What the canvas answered: the sentinel it carries (empty: none) and its boxes."""

    sentinel: str
    boxes: tuple[DrawnBox, ...]


@dataclass(frozen=True)
class Changes:
    """What a drawing says that the known boxes do not, and what of it is refused."""

    edits: tuple[PutBox, ...]
    refused: tuple[str, ...]


def fit(frame_wh: tuple[int, int], stage_wh: tuple[int, int]) -> Surface:
    """The largest canvas of the frame's proportions on a stage of CSS pixels."""
    scale = min(stage_wh[0] / frame_wh[0], stage_wh[1] / frame_wh[1])
    width, height = (max(1, round(side * scale)) for side in frame_wh)
    return Surface((width, height), frame_wh)


def drawing_of(
    visit: Visit, surface: Surface, boxes: Sequence[FrameBox], colors: Mapping[str, str]
) -> dict[str, Any]:
    """The ``initial_drawing`` of a visit: key frame boxes solid, derived ones dashed."""
    sentinel = _rect(Box(0, 0, 1, 1), visit.sentinel, "#000000") | {"visible": False}
    return {
        "objects": [
            sentinel,
            *(
                _rect(surface.to_canvas(known.box), chip(known), colors[known.label])
                | {
                    "strokeDashOffset": known.track_id,
                    "strokeDashArray": None if known.keyframe else _DASHES,
                }
                for known in boxes
            ),
        ]
    }


def lowest_first(boxes: Iterable[FrameBox]) -> list[FrameBox]:
    """Larger boxes below smaller ones: the canvas gives the topmost box to the pointer."""
    return sorted(boxes, key=lambda known: -known.box.width * known.box.height)


def chip(box: FrameBox) -> str:
    """The words on a box: its label and its track."""
    return f"{box.label} {box.track_id}"


def read_drawing(raw: Mapping[str, Any] | None) -> Drawing:
    """Understand ``CanvasResult.json_data``. An answer without sentinel belongs nowhere."""
    sentinel, boxes = "", []
    for item in (raw or {}).get("objects", []):
        if item.get("type") != "LabeledRect":
            continue
        label = str(item.get("label", ""))
        if label.startswith(_SENTINEL) and not item.get("visible", True):
            sentinel = label
        else:
            track_id = int(item.get("strokeDashOffset") or 0) or None
            boxes.append(DrawnBox(track_id, label, _centre_line(item), _is_rotated(item)))
    return Drawing(sentinel, tuple(boxes))


def changes(
    drawing: Drawing,
    visit: Visit,
    surface: Surface,
    known: Sequence[FrameBox],
    adopted: Sequence[int] = (),
) -> Changes:
    """Diff a drawing with the boxes that the visit's frame is known to have.

    Args:
        known: every box of the frame, as the person's last saved edit left them.
        adopted: tracks made from boxes of this very visit; these carry no id on the canvas.
    Returns: one edit per new or changed box; none when nothing was touched.
    """
    edits, refused = [], []
    by_id = {box.track_id: box for box in known}
    for drawn in _recognised(drawing.boxes, surface, [by_id[i] for i in adopted if i in by_id]):
        before = by_id.get(drawn.track_id) if drawn.track_id else None
        if drawn.track_id and before is None:
            continue
        if before and _same(drawn.box, surface.to_canvas(before.box)):
            continue
        box = clip(surface.to_frame(drawn.box), surface.frame_wh)
        if reason := _fault(drawn, box):
            refused.append(reason)
        elif before:
            edits.append(
                PutBox(visit.frame, box, track_id=before.track_id, occluded=before.occluded)
            )
        else:
            edits.append(PutBox(visit.frame, box, label=drawn.label))
    return Changes(tuple(edits), tuple(refused))


def _recognised(
    drawn: Sequence[DrawnBox], surface: Surface, adopted: Sequence[FrameBox]
) -> list[DrawnBox]:
    """Give nameless boxes the track made from them: equal boxes first, the rest in order."""
    waiting, result = list(adopted), list(drawn)
    for exact in (True, False):
        for position, box in enumerate(result):
            if box.track_id is not None:
                continue
            for known in waiting:
                same = _same(box.box, surface.to_canvas(known.box))
                if known.label == box.label and (same or not exact):
                    waiting.remove(known)
                    result[position] = DrawnBox(known.track_id, box.label, box.box, box.rotated)
                    break
    return result


def _fault(drawn: DrawnBox, box: Box) -> str:
    if drawn.rotated:
        return "Boxes stay upright: the turned one was put back."
    if not all(map(isfinite, box.xyxy)) or min(box.width, box.height) < MIN_SIDE_PX:
        kept = "It was put back." if drawn.track_id else "Draw it larger."
        return f"A box needs at least {MIN_SIDE_PX:.0f} pixels each way. {kept}"
    if not drawn.track_id and not drawn.label:
        return "A box needs a label. Choose or add one, then draw the box again."
    return ""


def _same(a: Box, b: Box) -> bool:
    return all(abs(p - q) <= UNCHANGED_PX for p, q in zip(a.xyxy, b.xyxy, strict=True))


def _centre_line(item: Mapping[str, Any]) -> Box:
    """Fabric's ``left``/``top`` is the outer edge of the stroke; people aim with its middle."""
    width = item.get("width", 0.0) * item.get("scaleX", 1.0)
    height = item.get("height", 0.0) * item.get("scaleY", 1.0)
    stroke = item.get("strokeWidth", STROKE_PX)
    x1 = item.get("left", 0.0) + stroke / 2
    y1 = item.get("top", 0.0) + stroke / 2
    x1 -= _ORIGIN[item.get("originX", "left")] * (width + stroke)
    y1 -= _ORIGIN[item.get("originY", "top")] * (height + stroke)
    return Box(x1, y1, x1 + width, y1 + height)


def _is_rotated(item: Mapping[str, Any]) -> bool:
    return bool(round(item.get("angle", 0.0) % 360, 2)) or bool(
        round(item.get("skewX", 0.0), 4) or round(item.get("skewY", 0.0), 4)
    )


def _rect(box: Box, label: str, color: str) -> dict[str, Any]:
    return {
        "type": "LabeledRect",
        "label": label,
        "left": box.x1 - STROKE_PX / 2,
        "top": box.y1 - STROKE_PX / 2,
        "width": box.width,
        "height": box.height,
        "originX": "left",
        "originY": "top",
        "stroke": color,
        "borderColor": "#ffffff",
        "cornerColor": "#ffffff",
        "cornerStrokeColor": color,
        "cornerSize": HANDLE_PX,
        "transparentCorners": False,
        "strokeWidth": STROKE_PX,
        "strokeUniform": True,
        "fill": "rgba(0, 0, 0, 0)",
        "fontSize": FONT_PX,
        "lockRotation": True,
    }
