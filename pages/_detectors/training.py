"""The progress of a training, and its curves and log."""

from collections.abc import Sequence

import streamlit as st

from pages._detectors.words import (
    loss_name,
    state_badge,
    time_left,
    waiting_text,
)
from pages._shared.acting import fragment
from pages._shared.feedback import show_errors
from pages._shared.page import escape_md
from pages._shared.training_notice import training_notice
from tpod_core import access
from tpod_core.db import read_session, transaction
from tpod_core.detectors.scores import EpochRow
from tpod_core.models import Detector, Job, JobState, User, saved_id
from tpod_core.services import detectors

REFRESH_S = 1.0
LOG_LINES, LIVE_LOG_LINES = 200, 30
CHART_HEIGHT_PX = 260


def show_training(detector_id: int) -> None:
    """Show the training until it ends; then the whole page reruns."""
    fragment(_show_training, REFRESH_S)(detector_id)


def _show_training(user: User, detector_id: int) -> None:
    with show_errors():
        with read_session() as session:
            detector = access.get_detector(session, user, detector_id)
            job = detectors.find_job(session, detector)
            is_waiting = job is not None and job.state is JobState.QUEUED
            position = detectors.queue_position(session, job) if job and is_waiting else 0
            log = detectors.read_log(session, detector)
        if detector.state not in detectors.ACTIVE:
            st.rerun(scope="app")
        with st.container(horizontal=True, vertical_alignment="center"):
            state_badge(detector.state)
            _offer_cancel(user, detector, job)
            tensorboard_button(detector)
        st.progress(
            detector.progress,
            text=escape_md(
                waiting_text(position, job.message) if job and is_waiting else detector.message
            ),
        )
        if is_waiting:
            training_notice()
        show_warnings(detector)
        _show_live(detector)
        show_curves(detectors.list_epochs(detector))
        st.markdown("**Log** (newest first)")
        show_log(log, LIVE_LOG_LINES)


def _offer_cancel(user: User, detector: Detector, job: Job | None) -> None:
    is_cancelling = job is not None and job.cancel_requested
    label = "Stopping after this batch …" if is_cancelling else "Cancel training"
    # The same key for both labels, so that one replaces the other at once.
    key = f"cancel-training-{detector.id}"
    if st.button(label, key=key, icon=":material/stop_circle:", disabled=is_cancelling):
        with transaction() as session:
            detectors.cancel(session, access.get_detector(session, user, saved_id(detector)))
        st.toast("The training stops after this batch. Its last checkpoint is kept.")
        st.rerun(scope="fragment")


def tensorboard_button(detector: Detector) -> None:
    st.link_button(
        "TensorBoard",
        f"/api/v1/detectors/{detector.id}/visualization/",
        icon=":material/monitoring:",
        help="The curves of this training in TensorBoard, in a new tab. It starts in a second "
        "or two.",
    )


def show_warnings(detector: Detector) -> None:
    for warning in detector.metrics.get("warnings", []):
        st.warning(escape_md(warning), icon=":material/warning:")


def _show_live(detector: Detector) -> None:
    scored = "mAP50" in detector.metrics
    figures = {
        "Epoch": f"{detector.epoch} of {detector.epochs}",
        "mAP50": f"{detector.metrics['mAP50']:.3f}" if scored else "–",
        "mAP50-95": f"{detector.metrics['mAP50-95']:.3f}" if scored else "–",
        "Time left": time_left(detector.seconds_left),
    }
    for column, (name, value) in zip(st.columns(len(figures)), figures.items(), strict=True):
        column.metric(name, value, border=True)


def show_curves(rows: Sequence[EpochRow]) -> None:
    if len(rows) < 2:  # a line needs two points
        return
    epochs = [row.epoch for row in rows]
    losses = {loss_name(name): name for name in rows[0].train_losses}
    left, right = st.columns(2)
    with left:
        st.markdown("**Losses in training** (lower is better)")
        st.line_chart(
            {"Epoch": epochs}
            | {
                title: [row.train_losses.get(name) for row in rows]
                for title, name in losses.items()
            },
            x="Epoch",
            height=CHART_HEIGHT_PX,
        )
    with right:
        st.markdown("**Score on validation images** (higher is better)")
        st.line_chart(
            {
                "Epoch": epochs,
                "mAP50": [row.map50 for row in rows],
                "mAP50-95": [row.map50_95 for row in rows],
            },
            x="Epoch",
            height=CHART_HEIGHT_PX,
        )


def show_log(log: str, count: int = LOG_LINES) -> None:
    """Show the last ``count`` lines, the newest first, so that the current ones are visible."""
    lines = log.splitlines()[-count:]
    if lines:
        st.code("\n".join(reversed(lines)), language=None, height=240, wrap_lines=True)
    else:
        st.caption("The log is empty so far.")
