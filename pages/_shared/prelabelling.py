"""Pre-labelling of a video: starts it, shows its progress, and accepts or rejects proposals."""

import streamlit as st

from pages._shared.detection_filter import DetectorTrial, choose_detector, choose_filter
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
    """Ask for a detector, then show its pre-labelling of a video."""
    user = require_user()
    with read_session() as session:
        usable = inference.list_usable(session, user)
    if not usable:
        st.info("There is no trained detector yet. Label a few videos by hand, and train one.")
        return
    detector = choose_detector(usable)
    show_prelabelling(DetectorTrial(user, detector, choose_filter(detector)), video_id)


def show_prelabelling(trial: DetectorTrial, video_id: int) -> None:
    """Show a button that starts pre-labelling, its progress, and its proposals."""
    st.write(
        "The detector proposes tracks in the whole video. You accept, correct or reject them; "
        "labels drawn by hand stay as they are."
    )
    training_notice()
    with show_errors():
        if st.button("Propose labels", icon=":material/auto_awesome:", type="primary"):
            with transaction() as session:
                video = access.get_video(session, trial.user, video_id)
                prelabels.start(session, trial.user, video, trial.detector, trial.filter)
        with read_session() as session:
            video = access.get_video(session, trial.user, video_id)
            job = prelabels.find_newest(session, video, trial.detector)
            waiting = len(prelabels.select_proposals(session, video))
        if job is not None and not job.state.is_final:
            follow(job)
            return
        if job is not None and job.state is not JobState.SUCCEEDED:
            show_end(job)
        elif job is not None and not waiting:
            st.info("It found nothing new, or all its proposals have been decided.")
        if waiting:
            _decide(trial, video_id, waiting)


def _decide(trial: DetectorTrial, video_id: int, waiting: int) -> None:
    tracks = "1 proposed track waits" if waiting == 1 else f"{waiting} proposed tracks wait"
    st.markdown(f"**{tracks}** for you.")
    if st.button("Review them", icon=":material/visibility:", width="stretch"):
        st.switch_page("labeling.py", query_params={"video": str(video_id)})
    min_score = st.slider("Accept from a score of", 0.0, 1.0, 0.8, 0.01, key=f"accept-{video_id}")
    with read_session() as session:
        video = access.get_video(session, trial.user, video_id)
        accepted = len(prelabels.select_proposals(session, video, min_score))
    with st.container(horizontal=True):
        accept = st.button(f"Accept {accepted}", icon=":material/check:", disabled=not accepted)
        reject = st.button("Reject all", icon=":material/close:")
    if accept or reject:
        with transaction() as session:
            video = access.get_video(session, trial.user, video_id)
            chosen = prelabels.select_proposals(session, video, min_score if accept else None)
            edits = (prelabels.accept_edits if accept else prelabels.reject_edits)(chosen)
            annotations.apply_edits(session, trial.user, video, edits, video.revision)
        st.toast(f"{len(chosen)} {'accepted' if accept else 'rejected'}. Undo is in labelling.")
        st.rerun()
