"""Converts between drawings of the canvas and boxes in pixels of a frame.

streamlit-drawable-canvas keeps few properties of a box. Two of them carry our data:
``strokeDashOffset`` the number of a box, and the label of an invisible box as large as the
canvas the name of the drawing. So an answer says to which drawing it belongs and at which size
it was drawn.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tpod_core.geometry import MIN_SIDE_PX, Box, clip

STROKE_PX = 2
FONT_PX = 13
_SNAP_PX = 3.0
"""An edge this close to the border of the canvas snaps to it."""
_UNCHANGED_PX = 0.05
"""Canvas pixels by which an untouched box may differ in the answer (four decimals)."""
_TAP_PX = 2.0 * STROKE_PX + 0.5
"""The canvas turns a click without a drag into a box of at most this size."""
_NAME_PREFIX = "__"
_DASHES = [7, 4]
_ORIGIN = {"left": 0.0, "top": 0.0, "center": 0.5, "right": 1.0, "bottom": 1.0}


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
        """Converts a canvas box to frame pixels; clips it, and snaps it to the border if near."""
        (width, height), (sx, sy) = self.canvas_wh, self.scale
        snapped = Box(
            0.0 if box.x1 <= _SNAP_PX else box.x1 / sx,
            0.0 if box.y1 <= _SNAP_PX else box.y1 / sy,
            float(self.frame_wh[0]) if box.x2 >= width - _SNAP_PX else box.x2 / sx,
            float(self.frame_wh[1]) if box.y2 >= height - _SNAP_PX else box.y2 / sy,
        )
        return clip(snapped, self.frame_wh)


@dataclass(frozen=True)
class ShownBox:
    """A box to show on the canvas, in pixels of the frame; ``number`` is 1 or more."""

    number: int
    label: str
    color: str
    box: Box
    is_dashed: bool = False


@dataclass(frozen=True)
class DrawnBox:
    """A box of the canvas's answer, in canvas pixels; ``number`` is ``None`` for a new one."""

    number: int | None
    label: str
    box: Box
    is_rotated: bool = False

    @property
    def is_tap(self) -> bool:
        """Whether the box is the trace of a click or tap without a drag."""
        return self.number is None and max(self.box.width, self.box.height) <= _TAP_PX


@dataclass(frozen=True)
class Drawing:
    """An answer of the canvas: the name of the drawing, its size, and its boxes."""

    name: str
    canvas_wh: tuple[int, int]
    boxes: tuple[DrawnBox, ...]


def fit(frame_wh: tuple[int, int], available_wh: tuple[int, int]) -> Surface:
    """The largest canvas with the frame's aspect ratio in ``available_wh`` CSS pixels."""
    scale = min(available_wh[0] / frame_wh[0], available_wh[1] / frame_wh[1])
    width, height = (max(1, int(side * scale)) for side in frame_wh)
    return Surface((width, height), frame_wh)


def to_drawing(name: str, surface: Surface, boxes: Iterable[ShownBox]) -> dict[str, Any]:
    """The ``initial_drawing`` with ``boxes``, larger ones below smaller ones.

    The canvas selects the topmost box under the pointer.
    """
    lowest_first = sorted(boxes, key=lambda each: -each.box.area)
    outline = Box(0, 0, *surface.canvas_wh)
    named = _rect(outline, f"{_NAME_PREFIX}{name}", "#000000") | {"visible": False}
    return {"objects": [named, *(_to_rect(each, surface) for each in lowest_first)]}


def read_drawing(raw: Mapping[str, Any] | None) -> Drawing | None:
    """Parses ``CanvasResult.json_data``; returns ``None`` if it has no name."""
    name, canvas_wh, boxes = None, (0, 0), []
    for item in (raw or {}).get("objects", []):
        if item.get("type") != "LabeledRect":
            continue
        label = str(item.get("label", ""))
        if label.startswith(_NAME_PREFIX) and not item.get("visible", True):
            outline = _centre_line(item)
            name, canvas_wh = label, (round(outline.width), round(outline.height))
        else:
            number = int(item.get("strokeDashOffset") or 0) or None
            boxes.append(DrawnBox(number, label, _centre_line(item), _is_rotated(item)))
    return (
        None if name is None else Drawing(name.removeprefix(_NAME_PREFIX), canvas_wh, tuple(boxes))
    )


def resized(raw: Mapping[str, Any], canvas_wh: tuple[int, int]) -> dict[str, Any]:
    """Scales a drawing to a canvas of another size."""
    drawing = read_drawing(raw)
    if drawing is None:
        return dict(raw)
    sx, sy = (after / before for after, before in zip(canvas_wh, drawing.canvas_wh, strict=True))
    return {"objects": [_scaled(item, sx, sy) for item in raw["objects"]]}


def is_unmoved(drawn: DrawnBox, box: Box, surface: Surface) -> bool:
    """Whether ``drawn`` still has the position of ``box``, given in pixels of the frame."""
    original = surface.to_canvas(box)
    apart = (abs(p - q) for p, q in zip(drawn.box.xyxy, original.xyxy, strict=True))
    return not drawn.is_rotated and all(distance <= _UNCHANGED_PX for distance in apart)


def invalid_reason(drawn: DrawnBox, box: Box) -> str:
    """Returns a sentence on why ``drawn`` cannot be a label; empty if it can.

    Args:
        box: the same box in pixels of the frame.
    """
    if drawn.is_rotated:
        return "A box was rotated. Undo that, or draw the box again: boxes must be upright."
    # "not >=" rather than "<", so that NaN is refused as well.
    if not min(box.width, box.height) >= MIN_SIDE_PX:
        return (
            f"A box is smaller than {MIN_SIDE_PX:.0f} pixels of the frame. "
            "Draw it larger, or delete it."
        )
    return ""


def _to_rect(each: ShownBox, surface: Surface) -> dict[str, Any]:
    return _rect(surface.to_canvas(each.box), each.label, each.color) | {
        "strokeDashOffset": each.number,
        "strokeDashArray": _DASHES if each.is_dashed else None,
    }


def _centre_line(item: Mapping[str, Any]) -> Box:
    """The box along the middle of the stroke; Fabric's ``left``/``top`` is its outer edge."""
    width = item.get("width", 0.0) * item.get("scaleX", 1.0)
    height = item.get("height", 0.0) * item.get("scaleY", 1.0)
    stroke = item.get("strokeWidth", STROKE_PX)
    x1 = item.get("left", 0.0) + stroke / 2
    y1 = item.get("top", 0.0) + stroke / 2
    x1 -= _ORIGIN[item.get("originX", "left")] * (width + stroke)
    y1 -= _ORIGIN[item.get("originY", "top")] * (height + stroke)
    return Box(x1, y1, x1 + width, y1 + height)


def _scaled(item: Mapping[str, Any], sx: float, sy: float) -> dict[str, Any]:
    box = _centre_line(item)
    position = _rect_position(Box(box.x1 * sx, box.y1 * sy, box.x2 * sx, box.y2 * sy))
    return {**item, **position, "scaleX": 1, "scaleY": 1}


def _is_rotated(item: Mapping[str, Any]) -> bool:
    return bool(round(item.get("angle", 0.0) % 360, 2)) or bool(
        round(item.get("skewX", 0.0), 4) or round(item.get("skewY", 0.0), 4)
    )


def _rect_position(box: Box) -> dict[str, Any]:
    return {
        "left": box.x1 - STROKE_PX / 2,
        "top": box.y1 - STROKE_PX / 2,
        "width": box.width,
        "height": box.height,
        "originX": "left",
        "originY": "top",
    }


def _rect(box: Box, label: str, color: str) -> dict[str, Any]:
    return _rect_position(box) | {
        "type": "LabeledRect",
        "label": label,
        "stroke": color,
        "strokeWidth": STROKE_PX,
        "strokeUniform": True,
        "fill": "rgba(0, 0, 0, 0)",
        "fontSize": FONT_PX,
    }
