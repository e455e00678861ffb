"""All videos: upload them, see how far each is, and open one to label it."""

import streamlit as st

from pages._shared.feedback import show_errors
from pages._shared.guard import require_user
from pages._shared.page import empty_state, page_header, plain
from pages._videos.card import CARD_STYLE, CardFacts, read_facts, video_card
from pages._videos.dialogs import show_video_dialog
from pages._videos.uploader import uploader
from tpod_core.config import get_settings
from tpod_core.db import read_session
from tpod_core.services import videos

COLUMNS = 3
SEARCH_FROM = 7  # with fewer videos the eye is quicker than a search field


def main() -> None:
    user = require_user()
    page_header("Videos", "Upload videos, give them labels, and draw boxes in them.")
    with show_errors():
        uploader(get_settings().max_upload_bytes)
        with read_session() as session:
            found = read_facts(session, videos.list_videos(session, user))
        if found:
            _show_found(found)
        else:
            empty_state(
                "No videos yet",
                "Drop a video on the field above. Or load the demo project from the Home page "
                "to look around first.",
            )
        show_video_dialog()


def _show_found(found: list[CardFacts]) -> None:
    """All of them, or those that are searched for."""
    if len(found) < SEARCH_FROM:
        _show_cards(found)
        return
    wanted = st.text_input(
        "Search", placeholder="Search by name", label_visibility="collapsed", key="videos_search"
    )
    shown = [facts for facts in found if wanted.casefold() in facts.video.name.casefold()]
    if shown:
        _show_cards(shown)
    else:
        st.info(f"No video has “{plain(wanted)}” in its name. Empty the search to see all.")


def _show_cards(shown: list[CardFacts]) -> None:
    st.html(CARD_STYLE)
    # Each busy card asks by itself: with many of them, each asks less often.
    refresh_s = float(max(1, sum(facts.is_busy for facts in shown)))
    for start in range(0, len(shown), COLUMNS):
        row = shown[start : start + COLUMNS]
        for column, facts in zip(st.columns(COLUMNS), row, strict=False):
            with column:
                video_card(facts, refresh_s)


main()
