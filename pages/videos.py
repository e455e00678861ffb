"""All videos: upload them, see how far each is, and open one to label it."""

import streamlit as st

from pages._shared.components.uploader import uploader
from pages._shared.components.video_card import video_card
from pages._shared.feedback import show_errors
from pages._shared.guard import require_user
from pages._shared.page import empty_state, page_header
from tpod_core.config import get_settings
from tpod_core.db import reading
from tpod_core.models import Video, VideoState, saved_id
from tpod_core.services import videos

COLUMNS = 3
REFRESH_S = 1.0
_BUSY = (VideoState.UPLOADING, VideoState.QUEUED, VideoState.PROCESSING)


def main() -> None:
    require_user()
    page_header("Videos", "Upload videos, give them labels, and draw boxes in them.")
    with show_errors():
        uploader(get_settings().max_upload_bytes, on_change=lambda: None)
    if _any_busy():
        st.fragment(run_every=REFRESH_S)(_show_while_busy)()
    else:
        _show()


def _show_while_busy() -> None:
    _show()
    if not _any_busy():
        st.rerun()  # the whole page, which stops refreshing by itself


def _any_busy() -> bool:
    user = require_user()
    with reading() as session:
        return any(video.state in _BUSY for video in videos.list_videos(session, user))


def _show() -> None:
    user = require_user()
    with show_errors():
        with reading() as session:
            found = videos.list_videos(session, user)
            done = videos.labelled(session, found)
            labels = {saved_id(video): videos.list_labels(session, video) for video in found}
            progress = {saved_id(v): videos.import_progress(session, v) for v in found}
        if not found:
            empty_state(
                "No videos yet",
                "Drop a video on the field above. Or load the demo project from the Home page "
                "to look around first.",
            )
        shown = _search(found)
        for start in range(0, len(shown), COLUMNS):
            for column, video in zip(
                st.columns(COLUMNS), shown[start : start + COLUMNS], strict=False
            ):
                number = saved_id(video)
                with column:
                    video_card(video, done[number], labels[number], progress[number])


def _search(found: list[Video]) -> list[Video]:
    if len(found) <= 2 * COLUMNS:
        return found
    wanted = st.text_input(
        "Search", placeholder="Search by name", label_visibility="collapsed", key="videos_search"
    )
    return [video for video in found if wanted.casefold() in video.name.casefold()]


main()
