"""Rename and delete a video, each asked for in a dialog."""

import streamlit as st

from pages._shared.feedback import show_errors
from pages._shared.guard import require_user
from pages._shared.page import plain
from tpod_core import access
from tpod_core.db import transaction
from tpod_core.services import videos


@st.dialog("Rename the video")
def rename_video(video_id: int, name: str) -> None:
    user = require_user()
    new_name = st.text_input("Name", name, max_chars=videos.MAX_NAME_LENGTH)
    if st.button("Rename", type="primary", key="rename-confirmed"):
        with show_errors():
            with transaction() as session:
                videos.rename(session, access.get_video(session, user, video_id), new_name)
            st.rerun()


@st.dialog("Delete this video?")
def delete_video(video_id: int, name: str) -> None:
    user = require_user()
    st.write(
        f"**{plain(name)}** goes with all its boxes. Training sets and detectors made from it "
        "stay. This cannot be undone."
    )
    if st.button("Delete for good", type="primary", key="delete-confirmed"):
        with show_errors():
            with transaction() as session:
                videos.delete(session, access.get_video(session, user, video_id))
            st.rerun()
