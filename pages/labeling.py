"""The labelling screen: ``/labeling?video=12``, optionally ``&frame=340``."""

import streamlit as st

from pages._labeling import annotator
from pages._labeling import plain as plain_mode
from pages._shared.feedback import show_errors
from pages._shared.guard import require_user
from pages._shared.page import escape_md, page_header
from tpod_core import access
from tpod_core.db import read_session
from tpod_core.errors import NotFound
from tpod_core.models import Video, VideoState, find_row_id


def main() -> None:
    user = require_user()
    video_id = find_row_id(st.query_params.get("video", ""))
    if video_id is None:
        _explain("Choose a video", "This screen shows one video. Open it from the list.")
        return
    with show_errors():
        try:
            with read_session() as session:
                video = access.get_video(session, user, video_id)
        except NotFound as missing:
            _explain("No such video", missing.message)
            return
        if not video.frame_count:
            _explain_state(video)
        elif st.query_params.get("mode") == "plain":
            plain_mode.show(user, video)
        else:
            annotator.mount(user, video)


def _explain_state(video: Video) -> None:
    if video.state is VideoState.FAILED:
        _explain(video.name, f"This video cannot be labelled. {video.message}")
    elif video.state in (VideoState.CREATED, VideoState.UPLOADING):
        _explain(video.name, "This video has no file yet: its upload has not finished.")
    else:
        _explain(video.name, "The first frames are being read. Open it again in a moment.")


def _explain(title: str, sentence: str) -> None:
    page_header(escape_md(title), escape_md(sentence))
    if st.button("Go to the videos", icon=":material/movie:"):
        st.switch_page("videos.py")


main()
