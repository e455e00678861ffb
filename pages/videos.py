"""The list of videos, with their state, and the upload of new ones."""

import streamlit as st

from pages._shared.feedback import show_errors
from pages._shared.guard import require_user
from pages._shared.page import empty_state, escape_md, page_header
from pages._shared.paged_list import newest_page, page_buttons, search_field
from pages._videos.card import CARD_STYLE, CardFacts, read_facts, video_card
from pages._videos.dialogs import show_video_dialog
from pages._videos.state import VideoAction, open_video_dialog
from pages._videos.uploader import uploader
from tpod_core import access
from tpod_core.config import get_settings
from tpod_core.db import read_session
from tpod_core.models import User, Video, find_row_id

COLUMNS = 3
SEARCH_FROM = 7  # fewer videos need no search field


def main() -> None:
    user = require_user()
    if video_id := find_row_id(st.query_params.pop("frame_rate", "")):
        open_video_dialog(VideoAction.FPS, video_id)
    page_header("Videos", "Upload videos, give them labels, and draw boxes in them.")
    with show_errors():
        uploader(get_settings().max_upload_bytes)
        with read_session() as session:
            count = access.newest(session, user, Video, limit=0).count
        if count:
            _show_list(user, count)
        else:
            empty_state(
                "No videos yet",
                "Drop a video on the field above, or load the demo project from the Home page "
                "to look around first.",
            )
        show_video_dialog()


def _show_list(user: User, count: int) -> None:
    """Show a page of all cards, or of those whose names match the search."""
    query = search_field("videos") if count >= SEARCH_FROM else ""
    found = newest_page(user, Video, query)
    with read_session() as session:
        facts = read_facts(session, found.rows)
    if facts:
        _show_cards(facts)
        page_buttons("videos", found.count)
    else:
        st.info(f"No video has “{escape_md(query)}” in its name. Empty the search to see all.")


def _show_cards(shown: list[CardFacts]) -> None:
    st.html(CARD_STYLE)
    # Each busy card polls by itself: with many of them, each polls less often.
    refresh_s = float(max(1, sum(facts.is_busy for facts in shown)))
    for start in range(0, len(shown), COLUMNS):
        row = shown[start : start + COLUMNS]
        for column, facts in zip(st.columns(COLUMNS), row, strict=False):
            with column:
                video_card(facts, refresh_s)


main()
