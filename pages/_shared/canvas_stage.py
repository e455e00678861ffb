"""The drawing canvas on a screen, and around it a stage that knows what the browser knows.

The canvas tells of a box 200 ms after the pointer went up. Before the picture changes, or what
was drawn is used, ``call_after_answer`` waits for that.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import streamlit as st
from streamlit_drawable_canvas import st_canvas

from pages._shared.canvas import FONT_PX, STROKE_PX, Surface, fit
from pages._shared.component import script_component

ANSWER_WITHIN_S = 0.45
"""The browser counts this time and sends what happens meanwhile in order. So the canvas's answer
is here before the end of the time is, however slow the network."""

_WIDTH_STEP_PX = 160
_LEAST_HEIGHT_PX = 220
_NO_COLOR = "#888888"
_OFFSCREEN_URL = "http://localhost"

_mount = script_component("tpod_canvas_stage", "_shared/canvas_stage.js")


@dataclass(frozen=True)
class Pen:
    """What the next box is drawn with; ``color`` is ``"#rrggbb"``."""

    label: str
    color: str


def mount_stage(key: str, pictures: Sequence[str]) -> None:
    """Put the stage where the canvas will stand, as wide as what is around it.

    Args:
        pictures: the address of the picture behind the canvas, then those that may come next.
    """
    _mount(
        key=key,
        data={"pictures": list(pictures)},
        default={"room": None, "loaded": ""},
        on_room_change=_rerun,
        on_loaded_change=_rerun,
        height=1,
    )


def find_surface(key: str, frame_wh: tuple[int, int], beside_px: int) -> Surface | None:
    """The canvas that fits the window, once the browser has measured it.

    Args:
        beside_px: so much of the window's height is needed for other things.
    """
    room = (st.session_state.get(key) or {}).get("room")
    if not room:
        return None
    height = max(_LEAST_HEIGHT_PX, int(room["height"]) - beside_px)
    return fit(frame_wh, (int(room["width"]), height))


def is_loaded(key: str, picture: str) -> bool:
    """Whether the browser has ``picture``: before, the canvas still shows the one before it."""
    return bool((st.session_state.get(key) or {}).get("loaded") == picture)


def frame_url(video_id: int, frame: int, surface: Surface) -> str:
    """Where the canvas finds a frame; absolute, for it takes a relative one for a file's path."""
    parts = urlsplit(st.context.url or _OFFSCREEN_URL)
    wanted = -(-surface.canvas_wh[0] // _WIDTH_STEP_PX) * _WIDTH_STEP_PX
    width = min(surface.frame_wh[0], wanted)
    path = f"/api/v1/videos/{video_id}/frames/{frame}"
    return f"{parts.scheme}://{parts.netloc}{path}?width={width}"


def show_canvas(
    key: str,
    surface: Surface,
    drawing: Mapping[str, Any],
    picture: str,
    pen: Pen | None,
    *,
    serial: int,
) -> None:
    """The canvas with its own toolbar; what it answers is read with ``read_answer``.

    Args:
        pen: without one, nobody can draw.
        serial: another one after each act of the person. Streamlit sends a large message as a
            reference if the browser had it before, and at times the browser has just dropped
            it. So no message may come back later; boxes make no use of the radius of a point.
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
    """The newest answer of a canvas, before the canvas is on the screen in this run."""
    answer = st.session_state.get(key) or {}
    return (answer.get("drawing") or {}).get("raw")


def call_after_answer(then: Callable[[], None]) -> None:
    """Call ``then`` once the canvas has told of all that is drawn by now, and run the script."""
    rounds = count()

    @st.fragment(run_every=ANSWER_WITHIN_S)
    def wait() -> None:
        if next(rounds):  # The first round is part of this very run.
            then()
            st.rerun()

    wait()


def _rerun() -> None:
    """The script runs again by itself; Streamlit asks for a callback to keep the value."""
