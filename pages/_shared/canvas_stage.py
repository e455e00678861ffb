"""The drawing canvas, and a component that measures its space and loads its pictures.

The canvas reports a box 200 ms after pointer-up. ``call_after_answer`` waits for that before
the picture changes or the drawing is used.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer
from streamlit_drawable_canvas import st_canvas

from pages._shared.canvas import FONT_PX, STROKE_PX, Surface, fit
from pages._shared.component import script_component
from pages._shared.frame_address import frame_address
from tpod_core.models import Video

ANSWER_WITHIN_S = 0.45
"""The browser measures this time and sends events in order. So the canvas's answer arrives
before the end of the wait, however slow the network."""

_WIDTH_STEP_PX = 160
_MIN_HEIGHT_PX = 220
_NO_COLOR = "#888888"
_OFFSCREEN_URL = "http://localhost"

CANVAS_STAGE = script_component("tpod_canvas_stage", "_shared/canvas_stage.js")


@dataclass(frozen=True)
class Pen:
    """The label and colour of the next box; ``color`` is ``"#rrggbb"``."""

    label: str
    color: str


def mount_stage(key: str, pictures: Sequence[str], stage: ComponentRenderer = CANVAS_STAGE) -> None:
    """Mount the stage below the canvas, as wide as its container.

    Nothing can be drawn from a change of the window until the stage is mounted again, which must
    therefore follow the canvas.

    Args:
        pictures: the URL of the canvas's background, then those to load ahead.
        stage: a stage that also brings the style of its page.
    """
    stage(
        key=key,
        data={"pictures": list(pictures), "room": _room(key)},
        default={"room": None, "loaded": ""},
        on_room_change=_rerun,
        on_loaded_change=_rerun,
        height=1,
    )


def find_surface(key: str, frame_wh: tuple[int, int], reserved_height_px: int) -> Surface | None:
    """The canvas that fits the window; ``None`` until the browser has measured it.

    Args:
        reserved_height_px: the part of the window's height that other elements need.
    """
    room = _room(key)
    if not room:
        return None
    height = max(_MIN_HEIGHT_PX, int(room["height"]) - reserved_height_px)
    return fit(frame_wh, (int(room["width"]), height))


def is_loaded(key: str, picture: str) -> bool:
    """Whether the browser has loaded ``picture``; until then the canvas shows the previous one."""
    return bool((st.session_state.get(key) or {}).get("loaded") == picture)


def frame_url(video: Video, frame: int, surface: Surface) -> str:
    """The absolute URL of a frame: the canvas takes a relative one for a file path."""
    parts = urlsplit(st.context.url or _OFFSCREEN_URL)
    min_width = -(-surface.canvas_wh[0] // _WIDTH_STEP_PX) * _WIDTH_STEP_PX
    width = min(surface.frame_wh[0], min_width)
    return f"{parts.scheme}://{parts.netloc}{frame_address(video, frame, width)}"


def show_canvas(
    key: str,
    surface: Surface,
    drawing: Mapping[str, Any],
    picture: str,
    pen: Pen | None,
    *,
    serial: int,
) -> None:
    """Show the canvas with its toolbar; ``read_answer`` reads its answer.

    Args:
        pen: without one, drawing is disabled.
        serial: a new number after each action. Streamlit sends a large message that the browser
            had before as a reference only, but the browser may just have dropped it. So no two
            messages may be equal. The number is sent as the radius of points, which boxes
            do not use.
    """
    width, height = surface.canvas_wh
    st_canvas(
        drawing_mode="labeled_rect",
        background_image=picture,
        initial_drawing=dict(drawing),
        label=pen.label if pen else "",
        stroke_color=pen.color if pen else _NO_COLOR,
        stroke_width=STROKE_PX,
        fill_color="rgba(0, 0, 0, 0)",
        font_size=FONT_PX,
        width=width,
        height=height,
        disabled=pen is None,
        point_display_radius=serial,
        key=key,
    )


def read_answer(key: str) -> Mapping[str, Any] | None:
    """The newest answer of a canvas; can be read before the canvas is shown in this run."""
    answer = st.session_state.get(key) or {}
    return (answer.get("drawing") or {}).get("raw")


def call_after_answer(callback: Callable[[], None]) -> None:
    """Call ``callback`` once the canvas has reported all drawn so far, then rerun the script."""
    rounds = count()

    @st.fragment(run_every=ANSWER_WITHIN_S)
    def wait() -> None:
        if next(rounds):  # The first round is part of this run.
            callback()
            st.rerun()

    wait()


def _room(key: str) -> Mapping[str, Any] | None:
    return (st.session_state.get(key) or {}).get("room")


def _rerun() -> None:
    """Does nothing: Streamlit reruns by itself, but keeps the value only with a callback."""
