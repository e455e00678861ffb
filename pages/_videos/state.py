"""The open dialog and menu of the Videos page, as typed functions.

No other module touches these keys of ``st.session_state``.
"""

from dataclasses import dataclass
from enum import Enum, auto

import streamlit as st

_VIDEO_DIALOG = "video_dialog"


class VideoAction(Enum):
    """The actions that open a dialog on the Videos page."""

    LABELS = auto()
    RENAME = auto()
    FPS = auto()
    PRELABEL = auto()
    DELETE = auto()


@dataclass(frozen=True)
class VideoDialog:
    action: VideoAction
    video_id: int


def video_dialog() -> VideoDialog | None:
    """The open dialog, kept in the session state so that page refreshes do not close it."""
    opened: VideoDialog | None = st.session_state.get(_VIDEO_DIALOG)
    return opened


def open_video_dialog(action: VideoAction, video_id: int) -> None:
    st.session_state[_VIDEO_DIALOG] = VideoDialog(action, video_id)
    # Otherwise the open menu would cover the dialog.
    st.session_state[video_menu_key(video_id)] = False


def video_menu_key(video_id: int) -> str:
    """The session state key of the menu on a video's card; its value says if it is open."""
    return f"video-menu-{video_id}"


def close_video_dialog() -> None:
    st.session_state.pop(_VIDEO_DIALOG, None)
