"""Shows the progress of a queued or running job, with a button that cancels it."""

import streamlit as st

from pages._shared.acting import as_user, fragment
from pages._shared.feedback import show_errors
from pages._shared.page import escape_md
from tpod_core import access
from tpod_core.db import read_session, transaction
from tpod_core.models import Job, JobState, User, saved_id
from tpod_core.services import jobs

REFRESH_S = 1.0


def follow(job: Job) -> None:
    """Show ``job`` until it ends; then the page reruns."""
    fragment(_follow, REFRESH_S)(saved_id(job))


def _follow(user: User, job_id: int) -> None:
    with show_errors():
        with read_session() as session:
            job = access.get_job(session, user, job_id)
        if job.state.is_final:
            st.rerun()
        waiting = job.state is JobState.QUEUED
        st.progress(
            job.progress,
            "Waiting for a free worker" if waiting else escape_md(job.message) or "…",
        )
        is_cancelling = job.cancel_requested
        label = "Cancelling …" if is_cancelling else "Cancel"
        st.button(
            label,
            key=f"end-{job_id}",
            icon=":material/stop_circle:",
            disabled=is_cancelling,
            on_click=as_user(_cancel),
            args=(job_id,),
        )


def _cancel(user: User, job_id: int) -> None:
    with show_errors(), transaction() as session:
        jobs.cancel(session, user, job_id)


def show_end(job: Job) -> None:
    """Show how a job ended that did not succeed."""
    if job.state is JobState.CANCELLED:
        st.caption("Cancelled.")
    else:
        st.error(escape_md(job.message))
