"""The page of one detector: its training, score and downloads."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from pages._detectors.downloads import show_downloads, zip_button
from pages._detectors.form import MIX
from pages._detectors.score import show_score
from pages._detectors.training import (
    show_curves,
    show_log,
    show_training,
    show_warnings,
    tensorboard_button,
)
from pages._detectors.words import state_badge
from pages._shared.page import escape_md, page_header
from tpod_core import access
from tpod_core.db import read_session, transaction
from tpod_core.detectors import registry
from tpod_core.detectors.config import parameters
from tpod_core.models import Detector, DetectorState, User, saved_id
from tpod_core.services import detectors

TAB = "tab"
"""The query parameter that names the open tab, so that a link can lead to any tab."""


def show_detector(user: User, detector_id: int) -> None:
    if st.button("All detectors", icon=":material/arrow_back:", type="tertiary"):
        for name in ("detector", TAB):
            st.query_params.pop(name, None)
        st.rerun()
    with read_session() as session:
        detector = access.get_detector(session, user, detector_id)
    page_header(escape_md(detector.name), _origin(detector))
    if detector.state in detectors.ACTIVE:
        show_training(detector_id)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        state_badge(detector.state)
        _show_actions(user, detector)
    show_warnings(detector)
    if detector.state is DetectorState.TRAINED:
        _show_tabs(user, detector)
    else:
        _show_untrained(detector)


def _origin(detector: Detector) -> str:
    detector_type = registry.get_type(detector.dnn_type)
    config = detector.train_config
    return f"{detector_type.label} · {config['imgsz']} px · {config['epochs']} epochs"


def _show_tabs(user: User, detector: Detector) -> None:
    """Only the open tab is rendered, so that it does not wait for the others."""
    contents: dict[str, Callable[[User, Detector], None]] = {
        "Score": show_score,
        "Training": _show_past_training,
        "Download": show_downloads,
        "Try it": _show_try_it,
        "Details": _show_details,
    }
    tabs = st.tabs(list(contents), key=TAB, bind="query-params")
    for tab, show in zip(tabs, contents.values(), strict=True):
        if tab.open:
            with tab:
                show(user, detector)


def _show_past_training(user: User, detector: Detector) -> None:
    tensorboard_button(detector)
    show_curves(detectors.list_epochs(detector))
    _show_log(detector)


def _show_log(detector: Detector) -> None:
    with read_session() as session:
        log = detectors.read_log(session, detector)
    with st.expander("Training log (newest first)"):
        show_log(log)


def _show_try_it(user: User, detector: Detector) -> None:
    st.write("Run it on a picture, a video, or your camera.")
    if st.button("Try it", icon=":material/center_focus_strong:"):
        st.switch_page("try_it.py", query_params={"detector": str(detector.id)})


def _show_details(user: User, detector: Detector) -> None:
    with read_session() as session:
        origin = detectors.read_origin(session, detector)
    training_set, parent = origin.training_set, origin.parent
    facts = {
        "Family": registry.get_type(detector.dnn_type).label,
        "Classes": escape_md(", ".join(detector.labels)),
        "Training set": escape_md(training_set.name) if training_set else "deleted",
        "Content hash": training_set.content_hash[:12] if training_set else "–",
        "Fine-tuned from": escape_md(parent.name) if parent else "–",
        "Created": f"{detector.created_at:%d %B %Y, %H:%M} UTC",
    }
    left, right = st.columns(2)
    left.markdown("**Origin**")
    left.table(facts, border="horizontal")
    right.markdown("**Training configuration**")
    known_parameters = parameters(registry.config_model(detector.dnn_type))
    values = {
        row.title: _value_text(detector.train_config.get(row.name, "–"))
        for row in known_parameters
        if parent or row.name != MIX
    }
    right.table(values, border="horizontal")


def _value_text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return escape_md(str(value))


def _show_untrained(detector: Detector) -> None:
    """Show why a training produced no model, and how far it got."""
    if detector.state is DetectorState.ERROR:
        st.error(escape_md(detector.message))
    else:
        st.info(escape_md(detector.message))
    show_curves(detectors.list_epochs(detector))
    _show_log(detector)


def _show_actions(user: User, detector: Detector) -> None:
    if detector.state is DetectorState.TRAINED:
        zip_button(detector)
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
