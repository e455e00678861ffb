"""The list of jobs on the Home page and the Jobs page."""

from collections.abc import Sequence

import streamlit as st
from humanize import naturaltime
from streamlit.delta_generator import DeltaGenerator

from pages._shared.feedback import show_errors
from pages._shared.guard import require_user
from pages._shared.page import escape_md
from tpod_core.db import read_session, transaction
from tpod_core.models import Job, JobKind, JobState, saved_id, utc_now
from tpod_core.services import jobs, overview

_KIND_WORDS = {
    JobKind.IMPORT_VIDEO: "Reading a video",
    JobKind.BUILD_TRAINING_SET: "Building a training set",
    JobKind.TRAIN_DETECTOR: "Training a detector",
    JobKind.EXPORT_MODEL: "Exporting a model",
    JobKind.LOAD_DEMO: "Creating the demo project",
    JobKind.PROPAGATE_TRACKS: "Following objects between key frames",
    JobKind.PRELABEL_VIDEO: "Pre-labelling a video",
    JobKind.ANNOTATE_VIDEO: "Drawing boxes into a video",
    JobKind.REVIEW_VIDEO: "Looking for mistakes in a video",
    JobKind.MEASURE_LEARNING: "Measuring whether labels help",
}
_STATE_BADGES = {
    JobState.QUEUED: ":gray-badge[waiting]",
    JobState.RUNNING: ":blue-badge[running]",
    JobState.SUCCEEDED: ":green-badge[done]",
    JobState.FAILED: ":red-badge[failed]",
    JobState.CANCELLED: ":orange-badge[cancelled]",
}


def job_list(listed: Sequence[Job]) -> None:
    """Show one line per job: kind, progress, time, and a button that cancels it."""
    with read_session() as session:
        names = overview.subject_names(session, listed)
    with st.container(gap="xsmall"):
        for job in listed:
            with st.container(border=True):
                _job_line(job, names.get(job.subject, ""))


def _job_line(job: Job, name: str) -> None:
    what, how, when, act = st.columns([5, 6, 2, 2], vertical_alignment="center")
    attempt = f" · attempt {job.attempt}" if job.attempt > 1 else ""
    about = f"  \n:gray[{escape_md(name)}{attempt}]" if name or attempt else ""
    what.markdown(f"**{_KIND_WORDS[job.kind]}**{about}")
    if job.state is JobState.RUNNING:
        how.progress(job.progress, escape_md(job.message) or f"{job.progress:.0%}")
    else:
        how.markdown(f"{_STATE_BADGES[job.state]} {escape_md(job.message)}")
    when.caption(naturaltime(utc_now() - (job.finished_at or job.created_at)))
    if not job.state.is_final:
        _offer_cancel(job, act)


def _offer_cancel(job: Job, column: DeltaGenerator) -> None:
    user, number, is_cancelling = require_user(), saved_id(job), job.cancel_requested
    label = "Cancelling …" if is_cancelling else "Cancel"
    if column.button(label, key=f"cancel-job-{number}", disabled=is_cancelling, width="stretch"):
        with show_errors():
            with transaction() as session:
                jobs.cancel(session, user, number)
            st.rerun(scope="fragment")
