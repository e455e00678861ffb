"""Labels that a detector proposes for a video: start it, follow it, decide on them."""

import streamlit as st

from pages._shared.detection_filter import TryOut, choose_detector, choose_filter
from pages._shared.feedback import show_errors
from pages._shared.guard import require_user
from pages._shared.job_follow import follow, show_end
from pages._shared.training_notice import training_notice
from tpod_core import access
from tpod_core.db import read_session, transaction
from tpod_core.models import JobState
from tpod_core.services import annotations, inference
from tpod_core.services.detector_runs import prelabels


def choose_and_prelabel(video_id: int) -> None:
    """For a screen that has a video, but no detector yet."""
    user = require_user()
    with read_session() as session:
        usable = inference.list_usable(session, user)
    if not usable:
        st.info("There is no trained detector yet. Label a few videos by hand, and train one.")
        return
    detector = choose_detector(usable)
    show_prelabelling(TryOut(user, detector, choose_filter(detector)), video_id)


def show_prelabelling(tried: TryOut, video_id: int) -> None:
    """What a detector has proposed, proposes now, or can be asked to."""
    st.write(
        "The detector proposes tracks in the whole video. You accept, correct or reject them; "
        "what people drew stays as it is."
    )
    training_notice()
    with show_errors():
        if st.button("Propose labels", icon=":material/auto_awesome:", type="primary"):
            with transaction() as session:
                video = access.get_video(session, tried.user, video_id)
                prelabels.start(session, tried.user, video, tried.detector, tried.filter)
        with read_session() as session:
            video = access.get_video(session, tried.user, video_id)
            job = prelabels.find_newest(session, video, tried.detector)
            waiting = len(prelabels.select_proposals(session, video))
        if job is not None and not job.state.is_final:
            follow(job)
            return
        if job is not None and job.state is not JobState.SUCCEEDED:
            show_end(job)
        elif job is not None and not waiting:
            st.info("It found nothing more than what is labelled, or all is decided on.")
        if waiting:
            _decide(tried, video_id, waiting)


def _decide(tried: TryOut, video_id: int, waiting: int) -> None:
    tracks = "1 proposed track waits" if waiting == 1 else f"{waiting} proposed tracks wait"
    st.markdown(f"**{tracks}** for you.")
    if st.button("Look at them", icon=":material/visibility:", width="stretch"):
        st.switch_page("labeling.py", query_params={"video": str(video_id)})
    lowest = st.slider("Accept from a score of", 0.0, 1.0, 0.8, 0.01, key=f"accept-{video_id}")
    with read_session() as session:
        video = access.get_video(session, tried.user, video_id)
        sure = len(prelabels.select_proposals(session, video, lowest))
    with st.container(horizontal=True):
        accept = st.button(f"Accept {sure}", icon=":material/check:", disabled=not sure)
        reject = st.button("Reject all", icon=":material/close:")
    if accept or reject:
        with transaction() as session:
            video = access.get_video(session, tried.user, video_id)
            chosen = prelabels.select_proposals(session, video, lowest if accept else None)
            edits = (prelabels.accept_edits if accept else prelabels.reject_edits)(chosen)
            annotations.apply_edits(session, tried.user, video, edits, video.revision)
        st.toast(f"{len(chosen)} {'accepted' if accept else 'rejected'}. Undo is in labelling.")
        st.rerun()
