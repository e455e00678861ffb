"""The annotator: everything of the labelling screen around the drawing canvas.

Two components, because Streamlit sends a component's script again whenever its data
changes: ``mount`` carries the script and never changes (so it is sent once, then by
reference), ``feed`` carries what changes and a script of one line.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

_HERE = Path(__file__).parent
_PAGE_STYLE = (_HERE / "page.css").read_text("utf-8")
_PARTS = (
    *(
        "../_shared/dom",
        "rects",
        "view",
        "frame_store",
        "box_store",
        "propagation_store",
        "outbox",
        "presence",
        "track_visibility",
    ),
    *(
        "drawing_canvas",
        "picture_hand",
        "drawing_controller",
        "box_painting",
        "toasts",
        "stage",
        "timeline",
        "sparkline",
    ),
    *("track_row", "track_list", "panel", "keys", "bars", "help", "screen"),
    *("navigation", "editing", "server_sync"),
)
"""The annotator's script in parts; together they are one module."""

_mount = st.components.v2.component(
    "tpod_annotator",
    js="\n".join((_HERE / f"{name}.js").read_text("utf-8") for name in (*_PARTS, "annotator")),
    css=(_HERE / "annotator.css").read_text("utf-8"),
    html='<div class="annotator"></div>',
)
_feed = st.components.v2.component("tpod_annotator_feed", js=(_HERE / "feed.js").read_text("utf-8"))


def mount(
    video: dict[str, Any],
    key: str,
    on_stage: Callable[[], None],
    on_outbox: Callable[[], None],
) -> None:
    """Put the annotator on the page.

    Args:
        video: what stays the same for the whole visit of the page.
        on_stage: ``st.session_state[key].stage`` holds the room for the canvas,
            ``{width, height}`` in CSS pixels.
        on_outbox: ``st.session_state[key].outbox`` holds acts, see ``acts``.
    """
    st.html(f"<style>{_PAGE_STYLE}</style>")
    _mount(
        key=key,
        data=video,
        default={"stage": None, "outbox": None},
        on_stage_change=on_stage,
        on_outbox_change=on_outbox,
    )


def feed(state: dict[str, Any], key: str) -> None:
    """Tell the annotator what the server shows now. Call it after the canvas.

    News that a browser missed, while it still built the page, would not be sent again if they
    were the same: so no two are, and asking again helps.
    """
    _feed(key=key, data=state | {"told_at": time.monotonic()}, height=0)
