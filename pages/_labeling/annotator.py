"""Mounts the fast labelling screen, a JavaScript client of the HTTP API."""

from typing import Any

from pages._shared.component import script_component
from tpod_core.models import User, Video
from tpod_core.video.source import file_tag

_mount = script_component(
    "tpod_annotator", "_labeling/annotator.js", '<div class="annotator"></div>'
)


def mount(user: User, video: Video) -> None:
    """Show the annotator for ``video``; it saves edits as ``user``."""
    _mount(key="annotator", data=_initial_data(user, video))


def _initial_data(user: User, video: Video) -> dict[str, Any]:
    """What the screen needs before its first API request."""
    return {
        "id": video.id,
        "name": video.name,
        "fps": video.fps,
        "width": video.width,
        "height": video.height,
        "frames": video.frame_count,
        "file": file_tag(video),
        "back": "videos",
        "user": {"id": user.id, "username": user.username},
    }
