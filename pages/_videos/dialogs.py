"""The dialogs of the Videos page."""

import streamlit as st

from pages._shared.feedback import show_errors
from pages._shared.guard import require_user
from pages._shared.page import escape_md, rate_text
from pages._shared.prelabelling import choose_and_prelabel
from pages._videos import state
from pages._videos.label_editor import edit_labels
from tpod_core import access
from tpod_core.db import read_session, transaction
from tpod_core.models import FpsSource
from tpod_core.services import videos
from tpod_core.video.times import MAX_FPS

_FPS_ORIGIN = {
    FpsSource.GUESSED: "{} is a guess: enter the rate at which it was recorded.",
    FpsSource.GIVEN: "{} was entered by hand.",
    FpsSource.FILE: "{}.",
}


def show_video_dialog() -> None:
    """Show the open dialog, if any.

    Called at the end of the page, outside fragments, so that a refreshing card does not close it.
    """
    opened = state.video_dialog()
    if opened is None:
        return
    show = {
        state.VideoAction.LABELS: edit_labels,
        state.VideoAction.RENAME: _rename,
        state.VideoAction.FPS: _set_fps,
        state.VideoAction.PRELABEL: _prelabel,
        state.VideoAction.DELETE: _delete,
    }[opened.action]
    show(opened.video_id)


@st.dialog("Rename the video", on_dismiss=state.close_video_dialog)
def _rename(video_id: int) -> None:
    with show_errors():
        new_name = st.text_input("Name", _name(video_id), max_chars=videos.MAX_NAME_LENGTH)
        if st.button("Rename", type="primary", key="rename-confirmed"):
            with transaction() as session:
                video = access.get_video(session, require_user(), video_id)
                videos.rename(session, video, new_name)
            _close()


@st.dialog("Frame rate", on_dismiss=state.close_video_dialog)
def _set_fps(video_id: int) -> None:
    with show_errors():
        with read_session() as session:
            video = access.get_video(session, require_user(), video_id)
        st.write(
            f"The file of **{escape_md(video.name)}** does not say when its frames are shown. "
            f"{_FPS_ORIGIN[video.fps_source].format(rate_text(video.fps))} The times follow from "
            "the rate; frames and boxes stay as they are."
        )
        fps = st.number_input(
            "Frames per second", 0.01, float(MAX_FPS), video.fps, 1.0, format="%.2f"
        )
        if st.button("Save", type="primary", key="fps-confirmed"):
            with transaction() as session:
                video = access.get_video(session, require_user(), video_id)
                videos.set_fps(session, video, fps)
            _close()


@st.dialog("Pre-label with a detector", on_dismiss=state.close_video_dialog)
def _prelabel(video_id: int) -> None:
    with show_errors():
        st.markdown(f"**{escape_md(_name(video_id))}**")
        choose_and_prelabel(video_id)


@st.dialog("Delete this video?", on_dismiss=state.close_video_dialog)
def _delete(video_id: int) -> None:
    with show_errors():
        st.write(
            f"**{escape_md(_name(video_id))}** is deleted with all its boxes. Training sets and "
            "detectors made from it stay. This cannot be undone."
        )
        if st.button("Delete for good", type="primary", key="delete-confirmed"):
            with transaction() as session:
                videos.delete(session, access.get_video(session, require_user(), video_id))
            _close()


def _name(video_id: int) -> str:
    with read_session() as session:
        return access.get_video(session, require_user(), video_id).name


def _close() -> None:
    state.close_video_dialog()
    st.rerun()
