"""Which dialog and which menu are open on the Videos page, as typed functions.

No other module touches these keys of ``st.session_state``.
"""

from dataclasses import dataclass
from enum import Enum, auto

import streamlit as st

_VIDEO_DIALOG = "video_dialog"


class VideoAct(Enum):
    """What the Videos page asks about in a dialog."""

    LABELS = auto()
    RENAME = auto()
    PRELABEL = auto()
    DELETE = auto()


@dataclass(frozen=True)
class VideoDialog:
    act: VideoAct
    video_id: int


def video_dialog() -> VideoDialog | None:
    """The dialog that is open: it outlives the page's own refreshes."""
    opened: VideoDialog | None = st.session_state.get(_VIDEO_DIALOG)
    return opened


def open_video_dialog(act: VideoAct, video_id: int) -> None:
    st.session_state[_VIDEO_DIALOG] = VideoDialog(act, video_id)
    # Left open, the menu would lie over the dialog.
    st.session_state[video_menu_key(video_id)] = False


def video_menu_key(video_id: int) -> str:
    """The key of the menu on a video's card, whose value is whether it is open."""
    return f"video-menu-{video_id}"


def close_video_dialog() -> None:
    st.session_state.pop(_VIDEO_DIALOG, None)
