"""The list of detectors, or with ``?detector=5`` the page of one."""

import streamlit as st

from pages._detectors.detail import show_detector
from pages._detectors.form import new_detector_dialog
from pages._detectors.words import state_badge
from pages._shared.acting import fragment
from pages._shared.feedback import show_errors
from pages._shared.guard import require_user
from pages._shared.page import empty_state, escape_md, page_header
from pages._shared.paged_list import newest_page, page_buttons
from tpod_core.db import read_session
from tpod_core.detectors import registry
from tpod_core.models import Detector, DetectorState, User, find_row_id
from tpod_core.services import detectors

COLUMNS = 3
REFRESH_S = 2.0


def main() -> None:
    user = require_user()
    chosen = find_row_id(st.query_params.get("detector", ""))
    with show_errors():
        if chosen is not None:
            show_detector(user, chosen)
        else:
            _show_list(user)


def _show_list(user: User) -> None:
    page_header("Detectors", "Train a detector on a training set, evaluate it, download it.")
    with read_session() as session:
        sets = detectors.list_trainable_sets(session, user)
    rows = newest_page(user, Detector).rows
    if not sets and not rows:
        empty_state(
            "Nothing to train on yet",
            "A detector learns from a training set. Build one from your labelled videos first.",
        )
        if st.button("Go to the training sets", icon=":material/dataset:"):
            st.switch_page("training_sets.py")
        return
    set_id = find_row_id(st.query_params.pop("training_set", ""))
    pressed = st.button(
        "New detector",
        type="primary",
        icon=":material/add:",
        disabled=not sets,
        help=None if sets else "Build a training set first.",
    )
    if pressed or (set_id is not None and sets):
        new_detector_dialog(sets, set_id)
    if not rows:
        empty_state(
            "No detectors yet",
            "Press “New detector”, choose a training set, and start the training. "
            "You can watch it and stop it at any time.",
        )
        return
    if any(row.state in detectors.ACTIVE for row in rows):
        fragment(_show_cards, REFRESH_S)()
    else:
        _show_cards(user)


def _show_cards(user: User) -> None:
    with show_errors():
        found = newest_page(user, Detector)
        rows = found.rows
        for start in range(0, len(rows), COLUMNS):
            for column, row in zip(
                st.columns(COLUMNS), rows[start : start + COLUMNS], strict=False
            ):
                with column.container(border=True, height="stretch"):
                    _show_card(row)
        page_buttons("detectors", found.count)


def _show_card(detector: Detector) -> None:
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        st.markdown(f"**{escape_md(detector.name)}**")
        state_badge(detector.state)
    st.caption(f"{registry.get_type(detector.dnn_type).label} · {_classes(detector)}")
    if detector.state in detectors.ACTIVE:
        st.progress(detector.progress, text=escape_md(detector.message))
    elif detector.state is DetectorState.TRAINED:
        st.metric("mAP50", f"{detector.metrics['mAP50']:.2f}", help="1 is perfect.")
    else:
        st.write(escape_md(detector.message))
    if st.button("Open", key=f"open-detector-{detector.id}", icon=":material/arrow_forward:"):
        st.query_params["detector"] = str(detector.id)
        st.rerun(scope="app")


def _classes(detector: Detector) -> str:
    if not detector.labels:
        return f"{detector.epochs} epochs"
    shown = ", ".join(escape_md(name) for name in detector.labels[:3])
    more = len(detector.labels) - 3
    return f"{shown} and {more} more" if more > 0 else shown


main()
