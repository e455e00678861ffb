"""Every key of ``st.session_state``, as typed functions. No screen touches the keys itself."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from pages._shared.labeling_session import LabelingSession

_LABELING_SESSION = "labeling_session"
_VIDEO_DIALOG = "video_dialog"
_DECIDED_FINDINGS = "decided_findings"


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


def labeling_session() -> "LabelingSession | None":
    """What the labelling screen has open in this browser tab."""
    return st.session_state.get(_LABELING_SESSION)


def set_labeling_session(session: "LabelingSession") -> None:
    st.session_state[_LABELING_SESSION] = session


def video_dialog() -> VideoDialog | None:
    """The dialog that is open on the Videos page: it outlives the page's own refreshes."""
    return st.session_state.get(_VIDEO_DIALOG)


def open_video_dialog(act: VideoAct, video_id: int) -> None:
    st.session_state[_VIDEO_DIALOG] = VideoDialog(act, video_id)
    # Left open, the menu would lie over the dialog.
    st.session_state[video_menu_key(video_id)] = False


def video_menu_key(video_id: int) -> str:
    """The key of the menu on a video's card, whose value is whether it is open."""
    return f"video-menu-{video_id}"


def close_video_dialog() -> None:
    st.session_state.pop(_VIDEO_DIALOG, None)


def decided_findings(detector_id: int) -> list[int]:
    """Findings of a detector decided in this browser tab, the last at the end, to be taken back."""
    decided: dict[int, list[int]] = st.session_state.setdefault(_DECIDED_FINDINGS, {})
    return decided.setdefault(detector_id, [])
