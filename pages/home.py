"""Where one lands: what to do next on the way from a video to a detector."""

from dataclasses import dataclass

import streamlit as st

from pages._shared.feedback import show_errors
from pages._shared.guard import require_user
from pages._shared.page import page_header
from tpod_core.db import reading, transaction
from tpod_core.models import User
from tpod_core.services import demo, overview

REFRESH_S = 1.0


@dataclass(frozen=True)
class Step:
    """One step of the main job; ``done`` counts what exists of it."""

    number: int
    title: str
    sentence: str
    done: int
    noun: str
    page: str
    button: str


def main() -> None:
    user = require_user()
    page_header(f"Hello, {user.username}", "From a video to an object detector, in five steps.")
    with reading() as session:
        counts = overview.counts(session, user)
        loading = demo.find_running(session, user) is not None
    steps = _steps(counts)
    next_step = next((step for step in steps if not step.done), None)
    for column, step in zip(st.columns(len(steps)), steps, strict=True):
        with column:
            _show_step(step, is_next=step is next_step)
    st.write("")
    if loading:
        st.fragment(run_every=REFRESH_S)(_show_demo_progress)()
    else:
        _offer_demo(user, is_empty=counts["videos"] == 0)


def _steps(counts: dict[str, int]) -> list[Step]:
    return [
        Step(
            1,
            "Upload",
            "Bring videos in which the objects can be seen as they will be later.",
            counts["videos"],
            "videos",
            "videos.py",
            "Videos",
        ),
        Step(
            2,
            "Label",
            "Draw boxes on a few frames. In between, they move by themselves.",
            counts["videos_labelled"],
            "labelled",
            "videos.py",
            "Choose a video",
        ),
        Step(
            3,
            "Assemble",
            "Choose videos for training, and others for an honest check.",
            counts["training_sets_ready"],
            "training sets",
            "training_sets.py",
            "Training sets",
        ),
        Step(
            4,
            "Train",
            "Start a training, and watch it learn.",
            counts["detectors"],
            "detectors",
            "detectors.py",
            "Detectors",
        ),
        Step(
            5,
            "Download",
            "Take the trained model with you. It runs anywhere.",
            counts["detectors_trained"],
            "trained",
            "detectors.py",
            "Trained detectors",
        ),
    ]


def _show_step(step: Step, *, is_next: bool) -> None:
    with st.container(border=True, height="stretch"):
        state = ":green[:material/check_circle:]" if step.done else ":material/circle:"
        st.markdown(f"#### {state} {step.title}")
        st.write(step.sentence)
        st.caption(f"{step.done} {step.noun}" if step.done else "Not yet")
        if st.button(
            step.button,
            key=f"step-{step.number}",
            type="primary" if is_next else "secondary",
            width="stretch",
        ):
            st.switch_page(step.page)


def _offer_demo(user: User, *, is_empty: bool) -> None:
    with st.container(border=True):
        words, button = st.columns([4, 1], vertical_alignment="center")
        words.markdown(
            "**Look around first?** The demo project brings two short videos with boxes in them "
            "and a training set, ready to train. It takes under a minute."
        )
        if button.button(
            "Load the demo project",
            type="primary" if is_empty else "secondary",
            width="stretch",
        ):
            with show_errors():
                with transaction() as session:
                    demo.start(session, user)
                st.rerun()


def _show_demo_progress() -> None:
    user = require_user()
    with show_errors():
        with reading() as session:
            job = demo.find_running(session, user)
        if job is None:
            st.rerun()
        st.progress(job.progress, job.message or "Making the demo project …")


main()
