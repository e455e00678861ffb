"""The drop zone for video files, which are sent straight to the API, not through Streamlit."""

from pathlib import Path

from pages._shared.component import script_component

_uploader = script_component(
    "tpod_uploader",
    "_videos/uploader.js",
    Path(__file__).with_suffix(".html").read_text("utf-8"),
)


def uploader(max_bytes: int, key: str = "uploader") -> None:
    """Show a drop zone with one progress bar per file; the page reruns when an upload has ended.

    Args:
        max_bytes: larger files are refused before anything is sent.
    """
    _uploader(key=key, data={"max_bytes": max_bytes}, on_changed_change=_rerun)


def _rerun() -> None:
    """Does nothing: the component sends a trigger only if it has a callback, and then reruns."""
