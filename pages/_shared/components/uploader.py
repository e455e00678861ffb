"""Drag and drop for video files: they go straight to the API, never through Streamlit."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

_HERE = Path(__file__).parent

_uploader = st.components.v2.component(
    "tpod_uploader",
    js=(_HERE / "uploader.js").read_text("utf-8"),
    css=(_HERE / "uploader.css").read_text("utf-8"),
    html=(_HERE / "uploader.html").read_text("utf-8"),
)


def uploader(max_bytes: int, on_change: Callable[[], None], key: str = "uploader") -> None:
    """A drop zone with one progress bar per file.

    Args:
        max_bytes: larger files are refused before anything is sent.
        on_change: called when a video was created or its upload ended, so that the page
            shows it.
    """
    _uploader(key=key, data={"max_bytes": max_bytes}, on_changed_change=on_change)
