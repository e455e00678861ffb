"""Rename and delete a video, each asked for in a dialog."""

import streamlit as st

from pages._shared.feedback import show_errors
from pages._shared.guard import require_user
from pages._shared.page import plain
from pages._shared.prelabelling import choose_and_prelabel
from pages._videos import state
from pages._videos.label_editor import edit_labels
from tpod_core import access
from tpod_core.db import read_session, transaction
from tpod_core.services import videos


def show_video_dialog() -> None:
    """The dialog that is open, if one is. Called at the end of the page, outside fragments:
    whatever refreshes itself meanwhile must not close it."""
    wanted = state.video_dialog()
    if wanted is None:
        return
    shown = {
        state.VideoAct.LABELS: edit_labels,
        state.VideoAct.RENAME: _rename,
        state.VideoAct.PRELABEL: _prelabel,
        state.VideoAct.DELETE: _delete,
    }[wanted.act]
    shown(wanted.video_id)


@st.dialog("Rename the video", on_dismiss=state.close_video_dialog)
def _rename(video_id: int) -> None:
    with show_errors():
        new_name = st.text_input("Name", _name(video_id), max_chars=videos.MAX_NAME_LENGTH)
        if st.button("Rename", type="primary", key="rename-confirmed"):
            with transaction() as session:
                video = access.get_video(session, require_user(), video_id)
                videos.rename(session, video, new_name)
            _close()


@st.dialog("Pre-label with a detector", on_dismiss=state.close_video_dialog)
def _prelabel(video_id: int) -> None:
    with show_errors():
        st.markdown(f"**{plain(_name(video_id))}**")
        choose_and_prelabel(video_id)


@st.dialog("Delete this video?", on_dismiss=state.close_video_dialog)
def _delete(video_id: int) -> None:
    with show_errors():
        st.write(
            f"**{plain(_name(video_id))}** goes with all its boxes. Training sets and detectors "
            "made from it stay. This cannot be undone."
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
