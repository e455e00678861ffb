"""The Home page: the steps from a video to a detector, and which comes next."""

from dataclasses import dataclass

import streamlit as st

from pages._shared import unsent
from pages._shared.acting import fragment
from pages._shared.feedback import show_errors
from pages._shared.guard import require_user
from pages._shared.job_list import job_list
from pages._shared.page import escape_md, page_header
from tpod_core import access, training_packages
from tpod_core.db import read_session, transaction
from tpod_core.models import Job, User
from tpod_core.services import demo, overview

REFRESH_S = 1.0
LATEST = 5


@dataclass(frozen=True)
class Step:
    """One step from a video to a detector; ``count`` is the key of its results in the counts."""

    title: str
    sentence: str
    count: str
    noun: str
    page: str
    button: str


STEPS = (
    Step(
        "Upload",
        "Add videos that show the objects as the detector will see them.",
        "videos",
        "uploaded",
        "videos.py",
        "Upload a video",
    ),
    Step(
        "Label",
        "Draw boxes on a few frames. The frames in between are filled in.",
        "videos_labelled",
        "with boxes",
        "videos.py",
        "Choose a video",
    ),
    Step(
        "Assemble",
        "Choose videos to train on, and others to evaluate on.",
        "training_sets_ready",
        "built",
        "training_sets.py",
        "Training sets",
    ),
    Step(
        "Train",
        "Start a training, and watch the detector learn.",
        "detectors",
        "started",
        "detectors.py",
        "Detectors",
    ),
    Step(
        "Download",
        "Download the trained model. It runs anywhere.",
        "detectors_trained",
        "ready to use",
        "detectors.py",
        "Trained detectors",
    ),
)


def main() -> None:
    user = require_user()
    page_header(
        f"Hello, {escape_md(user.username)}", "From video to object detector in five steps."
    )
    unsent.show_count(user)
    with show_errors():
        with read_session() as session:
            counts = overview.counts(session, user)
            is_loading = demo.find_running(session, user) is not None
            is_loaded = demo.is_loaded(session, user)
        _show_steps(counts)
        if is_loading:
            fragment(_show_demo_progress, REFRESH_S)()
        elif not is_loaded and training_packages.are_installed():
            _offer_demo(user)
        _show_latest(user)


def _show_steps(counts: dict[str, int]) -> None:
    next_step = next((step for step in STEPS if not counts[step.count]), None)
    for column, (number, step) in zip(
        st.columns(len(STEPS)), enumerate(STEPS, start=1), strict=True
    ):
        with column.container(border=True, height="stretch", vertical_alignment="distribute"):
            _show_step(number, step, counts[step.count], is_next=step is next_step)


def _show_step(number: int, step: Step, done: int, *, is_next: bool) -> None:
    with st.container(gap="small"):
        st.markdown(
            f":green-badge[:material/check: {done} {step.noun}]"
            if done
            else ":blue-badge[:material/arrow_forward: next]"
            if is_next
            else f":gray-badge[step {number}]"
        )
        st.subheader(step.title, anchor=False)
        st.write(step.sentence)
    if st.button(
        step.button,
        key=f"step-{number}",
        type="primary" if is_next else "secondary",
        width="stretch",
    ):
        st.switch_page(step.page)


def _offer_demo(user: User) -> None:
    with st.container(
        border=True,
        horizontal=True,
        vertical_alignment="center",
        horizontal_alignment="distribute",
    ):
        st.markdown(
            "**Look around first?** The demo project has two short videos with boxes and a "
            "training set, ready to train. It takes under a minute.",
            width=760,
        )
        if st.button("Load the demo project", icon=":material/auto_awesome:"):
            with transaction() as session:
                demo.start(session, user)
            st.rerun()


def _show_demo_progress(user: User) -> None:
    with show_errors():
        with read_session() as session:
            job = demo.find_running(session, user)
        if job is None:
            st.rerun()
        with st.container(border=True):
            st.progress(job.progress, escape_md(job.message) or "Creating the demo project …")


def _show_latest(user: User) -> None:
    with read_session() as session:
        latest = access.newest(session, user, Job, limit=LATEST).rows
    if latest:
        st.subheader("Latest activity", anchor=False)
        is_busy = any(not job.state.is_final for job in latest)
        fragment(_show_activity, REFRESH_S if is_busy else None)(is_busy)


def _show_activity(user: User, was_busy: bool) -> None:
    with show_errors():
        with read_session() as session:
            latest = access.newest(session, user, Job, limit=LATEST).rows
        if was_busy and all(job.state.is_final for job in latest):
            st.rerun()  # the counts of the steps have changed, and no job runs any more
        job_list(latest)


main()
