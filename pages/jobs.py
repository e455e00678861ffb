"""Everything that runs in the background: how far it is, and how to end it."""

import streamlit as st

from pages._shared.feedback import show_errors
from pages._shared.guard import require_user
from pages._shared.page import empty_state, page_header
from tpod_core.db import reading, transaction
from tpod_core.models import Job, JobKind, JobState, saved_id
from tpod_core.services import jobs

REFRESH_S = 2.0
SHOWN = 50
_KIND_WORDS = {
    JobKind.IMPORT_VIDEO: "Reading a video",
    JobKind.BUILD_TRAINING_SET: "Building a training set",
    JobKind.TRAIN_DETECTOR: "Training a detector",
    JobKind.EXPORT_MODEL: "Packing a model",
    JobKind.LOAD_DEMO: "Making the demo project",
}
_STATE_WORDS = {
    JobState.QUEUED: ":gray-badge[waiting]",
    JobState.RUNNING: ":blue-badge[running]",
    JobState.SUCCEEDED: ":green-badge[done]",
    JobState.FAILED: ":red-badge[failed]",
    JobState.CANCELLED: ":orange-badge[cancelled]",
}


def main() -> None:
    require_user()
    page_header("Jobs", "What runs in the background, newest first. Nothing is lost by a restart.")
    _show()


@st.fragment(run_every=REFRESH_S)
def _show() -> None:
    user = require_user()
    with show_errors():
        with reading() as session:
            found = jobs.list_jobs(session, user, limit=SHOWN)
        if not found.jobs:
            empty_state("Nothing yet", "Imports, builds and trainings will be listed here.")
        for job in found.jobs:
            _show_job(job)
        if found.count > SHOWN:
            st.caption(f"{found.count - SHOWN} older jobs are not shown.")


def _show_job(job: Job) -> None:
    user = require_user()
    number = saved_id(job)
    with st.container(border=True):
        what, how, when, act = st.columns([4, 4, 2, 1], vertical_alignment="center")
        noun, _, subject_id = job.subject.partition(":")
        attempt = f" · attempt {job.attempt}" if job.attempt > 1 else ""
        what.markdown(
            f"**{_KIND_WORDS[job.kind]}**  \n:gray[{noun.replace('_', ' ')} {subject_id}{attempt}]"
        )
        if job.state is JobState.RUNNING:
            how.progress(job.progress, job.message or f"{job.progress:.0%}")
        else:
            how.markdown(f"{_STATE_WORDS[job.state]} {job.message}")
        when.caption(f"{job.created_at:%d %b, %H:%M} UTC")
        if job.state.is_final:
            return
        waits = job.cancel_requested
        if act.button("Ending …" if waits else "Cancel", key=f"cancel-{number}", disabled=waits):
            with show_errors():
                with transaction() as session:
                    jobs.cancel(session, user, number)
                st.rerun(scope="fragment")


main()
