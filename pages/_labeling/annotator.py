"""The fast labelling screen, a client of the HTTP API: Streamlit mounts it, no more."""

from typing import Any

from pages._shared.component import script_component
from tpod_core.models import User, Video

_mount = script_component(
    "tpod_annotator", "_labeling/annotator.js", '<div class="annotator"></div>'
)


def mount(user: User, video: Video) -> None:
    """Put the annotator on the page: whose edits it saves, and of which video."""
    _mount(key="annotator", data=_facts(user, video))


def _facts(user: User, video: Video) -> dict[str, Any]:
    """What the screen needs before it has asked the API for anything."""
    return {
        "id": video.id,
        "name": video.name,
        "fps": video.fps,
        "width": video.width,
        "height": video.height,
        "frames": video.frame_count,
        "back": "videos",
        "user": {"id": user.id, "username": user.username},
    }
