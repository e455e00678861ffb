"""Starts the review of a detector's unmatched detections, and the search for more of them."""

from collections.abc import Sequence

import streamlit as st

from pages._shared.feedback import show_errors
from pages._shared.job_follow import follow
from pages._shared.options import distinct
from tpod_core import access
from tpod_core.db import read_session, transaction
from tpod_core.models import Detector, User, Verdict, Video, VideoState, saved_id
from tpod_core.services import findings, videos
from tpod_core.services.findings import ReviewRequest


def show_review_inbox(user: User, detector: Detector) -> None:
    """Show how many detections wait for review, and offer to run the detector on more videos."""
    st.subheader("Review its mistakes", anchor=False)
    st.write(
        "Detections that match no label, the highest score first. Decide with one key whether each "
        "is a mistake or a missed label: your next training set learns from it."
    )
    with read_session() as session:
        waiting = findings.count_by_video(session, detector, (Verdict.OPEN,))
        decided = findings.count_by_video(session, detector, _DECIDED)
        jobs = findings.list_active_reviews(session, detector)
    left, right = st.columns(2, gap="large")
    with left:
        _offer_review(detector, sum(waiting.values()), sum(decided.values()))
    with right:
        for job in jobs:
            follow(job)
        if not jobs:
            _offer_search(user, detector)


_DECIDED = (Verdict.NEGATIVE, Verdict.MISSED_LABEL, Verdict.IGNORE)


def _offer_review(detector: Detector, waiting: int, decided: int) -> None:
    words = f"Review {waiting:,} detections" if waiting != 1 else "Review one detection"
    if waiting and st.button(words, type="primary", icon=":material/rule:"):
        st.switch_page("review.py", query_params={"detector": str(detector.id)})
    elif not waiting:
        st.caption("Nothing to review.")
    if decided:
        st.caption("1 is decided." if decided == 1 else f"{decided:,} are decided.")


def _offer_search(user: User, detector: Detector) -> None:
    ready = _ready_videos(user)
    if not ready:
        st.caption("Upload a video to search it for more.")
        return
    with st.form("review-form", border=False):
        video = st.selectbox(
            "Search a video for more",
            ready,
            format_func=distinct(
                ready, lambda row: f"{row.name} (held out)" if row.held_out else row.name
            ),
            help="Preferably one that is held out or not labelled.",
        )
        if st.form_submit_button("Search it", icon=":material/travel_explore:"):
            with show_errors():
                with transaction() as session:
                    row = access.get_detector(session, user, saved_id(detector))
                    findings.start_review(session, user, row, ReviewRequest(saved_id(video)))
                st.rerun(scope="app")


def _ready_videos(user: User) -> Sequence[Video]:
    """Returns the videos that are ready, those held out for evaluation first."""
    with read_session() as session:
        every = videos.list_videos(session, user)
    ready = (row for row in every if row.state is VideoState.READY)
    return sorted(ready, key=lambda row: not row.held_out)
