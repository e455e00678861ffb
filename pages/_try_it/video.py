"""Runs a detector on a whole video: makes an annotated copy, or proposes labels."""

import streamlit as st

from pages._shared.detection_filter import DetectorTrial
from pages._shared.feedback import show_errors
from pages._shared.job_follow import follow, show_end
from pages._shared.prelabelling import show_prelabelling
from pages._try_it.detections import show_legend
from tpod_core import access
from tpod_core.db import read_session, transaction
from tpod_core.models import Job, JobState, Video, saved_id
from tpod_core.services.detector_runs import annotated_videos


def show_video(trial: DetectorTrial, video: Video | None) -> None:
    """Offer an annotated copy and pre-labelling of ``video``, side by side."""
    if video is None:
        return
    copy, labels = st.columns(2)
    with copy.container(border=True, height="stretch"):
        st.subheader("Annotated copy", anchor=False)
        st.write("A copy of the video with the boxes drawn in, to watch and download.")
        _show_copy(trial, video)
    with labels.container(border=True, height="stretch"):
        st.subheader("Pre-labelling", anchor=False)
        show_prelabelling(trial, saved_id(video))


def _show_copy(trial: DetectorTrial, video: Video) -> None:
    with show_errors():
        if st.button("Make a copy", icon=":material/movie_edit:", type="primary"):
            with transaction() as session:
                row = access.get_video(session, trial.user, saved_id(video))
                annotated_videos.start(session, trial.user, trial.detector, row, trial.filter)
        with read_session() as session:
            job = annotated_videos.find_newest(session, trial.detector, video)
        if job is None:
            return
        if not job.state.is_final:
            follow(job)
        elif job.state is JobState.SUCCEEDED:
            _offer_copy(trial, job)
        else:
            show_end(job)


def _offer_copy(trial: DetectorTrial, job: Job) -> None:
    address = f"/api/v1/detectors/{trial.detector.id}/annotated/{job.id}"
    st.html(
        f"<video src='{address}' controls muted playsinline "
        "style='width:100%;border-radius:.5rem;display:block'></video>"
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.link_button("Download", f"{address}?download=true", icon=":material/download:")
        confidence = job.request["confidence"] or trial.detector.metrics["recommended_confidence"]
        st.caption(f"Made with a confidence of {confidence:.2f}. A new copy replaces it.")
    show_legend(annotated_videos.legend_of(job))
