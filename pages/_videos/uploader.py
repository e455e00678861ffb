"""Drag and drop for video files: they go straight to the API, never through Streamlit."""

from pathlib import Path

import streamlit as st

_HERE = Path(__file__).parent

_uploader = st.components.v2.component(
    "tpod_uploader",
    js=(_HERE / "uploader.js").read_text("utf-8"),
    css=(_HERE / "uploader.css").read_text("utf-8"),
    html=(_HERE / "uploader.html").read_text("utf-8"),
)


def uploader(max_bytes: int, key: str = "uploader") -> None:
    """A drop zone with one progress bar per file; the page reruns when an upload has ended.

    Args:
        max_bytes: larger files are refused before anything is sent.
    """
    _uploader(key=key, data={"max_bytes": max_bytes}, on_changed_change=_rerun)


def _rerun() -> None:
    """That a trigger has a callback is what makes the component tell it; the rerun is enough."""
