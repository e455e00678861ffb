"""The annotator: everything of the labelling screen around the drawing canvas.

Two components: ``mount`` never changes while one labels, ``feed`` carries what changes.
"""

import time
from collections.abc import Callable
from typing import Any

from pages._shared.component import script_component

_mount = script_component(
    "tpod_annotator", "_labeling/annotator.js", '<div class="annotator"></div>'
)
_feed = script_component("tpod_annotator_feed", "_labeling/feed.js")


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
