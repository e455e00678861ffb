"""Drag and drop for video files: they go straight to the API, never through Streamlit."""

from pathlib import Path

from pages._shared.component import script_component

_uploader = script_component(
    "tpod_uploader",
    "_videos/uploader.js",
    Path(__file__).with_suffix(".html").read_text("utf-8"),
)


def uploader(max_bytes: int, key: str = "uploader") -> None:
    """A drop zone with one progress bar per file; the page reruns when an upload has ended.

    Args:
        max_bytes: larger files are refused before anything is sent.
    """
    _uploader(key=key, data={"max_bytes": max_bytes}, on_changed_change=_rerun)


def _rerun() -> None:
    """That a trigger has a callback is what makes the component tell it; the rerun is enough."""
