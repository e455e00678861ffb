"""One detector: watch it learn, judge it, take it home."""

from collections.abc import Sequence

import streamlit as st

from pages._shared.components.detector_score import show_score
from pages._shared.components.detector_words import loss_name, state_badge
from pages._shared.feedback import show_errors
from pages._shared.page import page_header, plain
from tpod_core import access
from tpod_core.db import reading, transaction
from tpod_core.detectors import registry
from tpod_core.detectors.scores import EpochRow
from tpod_core.models import Detector, DetectorState, User, saved_id
from tpod_core.services import detectors

REFRESH_S = 1.0
LOG_LINES, LIVE_LOG_LINES = 200, 30
CHART_HEIGHT_PX = 260


def show_detector(user: User, detector_id: int) -> None:
    if st.button("All detectors", icon=":material/arrow_back:", type="tertiary"):
        st.query_params.pop("detector", None)
        st.rerun()
    with reading() as session:
        detector = access.get_detector(session, user, detector_id)
    page_header(plain(detector.name), _origin(detector))
    if detector.state in detectors.ACTIVE:
        st.fragment(_show_training, run_every=REFRESH_S)(user, detector_id)
    else:
        _show_result(user, detector)


def _origin(detector: Detector) -> str:
    known = registry.get_type(detector.dnn_type)
    config = detector.train_config
    return f"{known.label} · {config['imgsz']} px · {config['epochs']} epochs"


def _show_training(user: User, detector_id: int) -> None:
    """What changes while it trains; the page is made anew when it has ended."""
    with show_errors():
        with reading() as session:
            detector = access.get_detector(session, user, detector_id)
            log = detectors.read_log(session, detector)
        if detector.state not in detectors.ACTIVE:
            st.rerun(scope="app")
        with st.container(horizontal=True, vertical_alignment="center"):
            state_badge(detector.state)
            if st.button("Cancel training", icon=":material/stop_circle:"):
                with transaction() as session:
                    detectors.cancel(session, access.get_detector(session, user, detector_id))
                st.toast("The training ends after this batch.")
        st.progress(detector.progress, text=detector.message)
        _show_warnings(detector)
        _show_live(detector)
        _show_curves(detectors.list_epochs(detector))
        st.markdown("**Log** (newest first)")
        _show_log(log, LIVE_LOG_LINES)


def _show_live(detector: Detector) -> None:
    scored = "mAP50" in detector.metrics
    figures = {
        "Epoch": f"{detector.epoch} of {detector.epochs}",
        "mAP50": f"{detector.metrics['mAP50']:.3f}" if scored else "–",
        "mAP50-95": f"{detector.metrics['mAP50-95']:.3f}" if scored else "–",
    }
    for column, (name, value) in zip(st.columns(len(figures)), figures.items(), strict=True):
        column.metric(name, value, border=True)


def _show_result(user: User, detector: Detector) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        state_badge(detector.state)
        _show_actions(user, detector)
    _show_warnings(detector)
    if detector.state is DetectorState.TRAINED:
        show_score(user, detector)
    elif detector.state is DetectorState.ERROR:
        st.error(detector.message)
    else:
        st.info(detector.message)
    _show_curves(detectors.list_epochs(detector))
    with reading() as session:
        log = detectors.read_log(session, detector)
    with st.expander("Log of the training (newest first)"):
        _show_log(log, LOG_LINES)


def _show_actions(user: User, detector: Detector) -> None:
    if detector.state is DetectorState.TRAINED:
        st.link_button(
            "Download the model",
            f"/api/v1/detectors/{detector.id}/model",
            type="primary",
            icon=":material/download:",
            help="A zip with the checkpoint, the ONNX model, the labels and a program to run it.",
        )
    if detector.state in detectors.RESUMABLE and st.button(
        "Resume", type="primary", icon=":material/resume:"
    ):
        with transaction() as session:
            detectors.resume(session, access.get_detector(session, user, saved_id(detector)))
        st.rerun()
    with st.popover("Delete", icon=":material/delete:"):
        st.write("The detector, its model and its scores are removed for good.")
        if st.button("Delete this detector", type="primary"):
            with transaction() as session:
                detectors.delete(session, access.get_detector(session, user, saved_id(detector)))
            st.query_params.pop("detector", None)
            st.rerun()


def _show_warnings(detector: Detector) -> None:
    for warning in detector.metrics.get("warnings", []):
        st.warning(warning, icon=":material/warning:")


def _show_curves(rows: Sequence[EpochRow]) -> None:
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
                shown: [row.train_losses.get(name) for row in rows]
                for shown, name in losses.items()
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


def _show_log(log: str, count: int) -> None:
    """The last lines, the newest first: no scrolling to see what happens now."""
    lines = log.splitlines()[-count:]
    if lines:
        st.code("\n".join(reversed(lines)), language=None, height=240, wrap_lines=True)
    else:
        st.caption("The log is empty so far.")
