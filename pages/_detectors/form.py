"""The form for a new detector, generated from the configuration of its type."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from pages._shared.feedback import show_errors
from pages._shared.guard import require_user
from pages._shared.options import distinct
from pages._shared.page import counted, warning_box
from pages._shared.training_notice import training_notice
from tpod_core.db import read_session, transaction
from tpod_core.detectors import registry
from tpod_core.detectors.config import Parameter, parameters
from tpod_core.detectors.registry import DetectorType
from tpod_core.models import Detector, TrainingSet, User, saved_id
from tpod_core.services import detectors
from tpod_core.services.detectors import DetectorDraft

KINDS = {"fast": "Fast, for any computer", "accurate": "Accurate, for a GPU"}
MIX = "mix_parent_data"
"""The parameter that is asked for only if there is a parent."""


@st.dialog("New detector", width="large", icon=":material/model_training:")
def new_detector_dialog(sets: Sequence[TrainingSet], preselected_id: int | None) -> None:
    """Ask for all settings, queue the training, and open the new detector's page."""
    user = require_user()
    with show_errors():
        training_notice()
        name = st.text_input("Name", placeholder="Cups on tables", max_chars=200)
        first = next((i for i, row in enumerate(sets) if row.id == preselected_id), 0)
        training_set = st.selectbox(
            "Training set", sets, index=first, format_func=distinct(sets, lambda row: row.name)
        )
        detector_type = _choose_family()
        parent = _choose_parent(user, detector_type)
        size = detectors.training_set_size(training_set)
        st.caption(
            f"{counted(size.train_images, 'training image')}. The values below suit this set; "
            "change them if you know better."
        )
        rows = [row for row in parameters(detector_type.config, size) if row.name != MIX]
        scope = f"new-detector-{detector_type.type}-{training_set.id}"
        values = _ask([row for row in rows if not row.advanced], scope)
        with st.expander("More settings"):
            values |= _ask([row for row in rows if row.advanced], scope)
        if parent:
            values[MIX] = _ask_to_mix(detector_type, parent)
        mixes = parent is not None and values[MIX]
        batch = None if mixes else int(values["batch"])
        warning_box(detectors.doubts_about(training_set, detector_type.type, batch))
        refusal = st.container()  # above the button: below it, it could be out of sight
        if st.button("Train", type="primary", icon=":material/play_arrow:"):
            parent_id = parent.id if parent else None
            draft = DetectorDraft(
                name, detector_type.type, saved_id(training_set), values, parent_id
            )
            with refusal, show_errors():
                _create(user, draft)


def _create(user: User, draft: DetectorDraft) -> None:
    with transaction() as session:
        detector = detectors.create(session, user, draft)
    st.query_params["detector"] = str(detector.id)
    st.rerun()


def _choose_family() -> DetectorType:
    """Ask for fast or accurate, then for a type of that kind, and say what it costs."""
    kind = st.radio(
        "Should it be",
        list(KINDS),
        format_func=lambda kind: KINDS[kind],
        horizontal=True,
    )
    detector_type: DetectorType = st.selectbox(
        "Family",
        [detector_type for detector_type in registry.list_types() if detector_type.family == kind],
        format_func=lambda detector_type: detector_type.label,
        key=f"new-detector-family-{kind}",
    )
    st.caption(detector_type.description)
    return detector_type


def _choose_parent(user: User, detector_type: DetectorType) -> Detector | None:
    """Ask for a trained detector of the same type to fine-tune, if there is one."""
    with read_session() as session:
        parents = detectors.list_possible_parents(session, user, detector_type.type)
    if not parents:
        return None
    name_of = distinct(parents, lambda row: row.name)
    parent: Detector | None = st.selectbox(
        "Fine-tune",
        [None, *parents],
        format_func=lambda row: name_of(row) if row else "None: a new detector",
        help="Continue from one of your detectors of this family: the new one keeps its classes "
        "and also learns those of the training set.",
        key=f"new-detector-parent-{detector_type.type}",
    )
    return parent


def _ask_to_mix(detector_type: DetectorType, parent: Detector) -> bool:
    [row] = [row for row in parameters(detector_type.config) if row.name == MIX]
    return bool(_widget(row, f"new-detector-mix-{parent.id}"))


def _ask(rows: Sequence[Parameter], scope: str) -> dict[str, Any]:
    """One widget per parameter, three in a row."""
    values: dict[str, Any] = {}
    for start in range(0, len(rows), 3):
        for column, row in zip(st.columns(3), rows[start : start + 3], strict=False):
            with column:
                values[row.name] = _widget(row, f"{scope}-{row.name}")
    return values


def _widget(row: Parameter, key: str) -> Any:
    if row.type == "boolean":
        return st.toggle(row.title, value=row.default, help=row.help, key=key)
    if row.type == "choice":
        choices = row.choices or ()
        index = choices.index(row.default)
        return st.selectbox(row.title, choices, index=index, help=row.help, key=key)
    if row.type == "text":
        return st.text_input(row.title, value=row.default, help=row.help, key=key)
    return _number(row, key)


def _number(row: Parameter, key: str) -> int | float:
    assert row.range is not None
    low, high = row.range
    if row.type == "integer":
        return st.number_input(
            row.title,
            int(low),
            int(high),
            int(row.default),
            step=row.step or 1,
            help=row.help,
            key=key,
        )
    return st.number_input(
        row.title,
        float(low),
        float(high),
        float(row.default),
        step=0.0005 if high < 1 else 0.5,
        format="%.4f" if high < 1 else "%.1f",
        help=row.help,
        key=key,
    )
