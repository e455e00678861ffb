"""Around the drawing canvas: its room, the picture behind it, and drawing with a finger."""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import streamlit as st

from pages._shared.canvas import Surface, fit

_WIDTH_STEP_PX = 160
_LEAST_HEIGHT_PX = 220
_OFFSCREEN_URL = "http://localhost"

_mount = st.components.v2.component(
    "tpod_canvas_stage", js=(Path(__file__).parent / "canvas_stage.js").read_text("utf-8")
)


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


def _rerun() -> None:
    """The script runs again by itself; Streamlit asks for a callback to keep the value."""
