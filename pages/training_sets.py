"""The list of training sets, with ``?new`` the form, with ``?training_set=5`` one set."""

import streamlit as st

from pages._shared.acting import fragment
from pages._shared.feedback import show_errors
from pages._shared.guard import require_user
from pages._shared.page import counted, empty_state, escape_md, page_header
from pages._shared.paged_list import newest_page, page_buttons
from pages._training_sets.detail import show_training_set, state_badge
from pages._training_sets.form import show_form
from tpod_core.db import read_session
from tpod_core.listing import Listing
from tpod_core.models import TrainingSet, TrainingSetState, User, find_row_id, saved_id
from tpod_core.services import training_sets

COLUMNS = 3
REFRESH_S = 1.0
_NAMED_CLASSES = 4


def main() -> None:
    user = require_user()
    chosen = find_row_id(st.query_params.get("training_set", ""))
    with show_errors():
        if chosen is not None:
            show_training_set(user, chosen)
        elif "new" in st.query_params:
            _show_form(user)
        else:
            _show_list(user)


def _show_form(user: User) -> None:
    if st.button("All training sets", icon=":material/arrow_back:", type="tertiary"):
        _go()
    created = show_form(user)
    if created is not None:
        _go(training_set=str(created))


def _show_list(user: User) -> None:
    page_header(
        "Training sets",
        "Frames and boxes from your videos to train detectors on. They never change once built.",
    )
    if st.button("New training set", type="primary", icon=":material/add:"):
        _go(new="1")
    found = newest_page(user, TrainingSet)
    if not found.rows:
        empty_state(
            "No training sets yet",
            "Press “New training set”, choose labelled videos, and see at once what you get.",
        )
    elif any(training_sets.is_building(row) for row in found.rows):
        fragment(_show_while_building, REFRESH_S)()
    else:
        _show_cards(found, {})


def _show_while_building(user: User) -> None:
    """Show the cards until all builds have ended; then the whole page reruns."""
    with show_errors():
        found = newest_page(user, TrainingSet)
        with read_session() as session:
            progress = {
                saved_id(row): training_sets.progress_of(session, row)
                for row in found.rows
                if training_sets.is_building(row)
            }
        if not progress:
            st.rerun(scope="app")
        _show_cards(found, progress)


def _show_cards(found: Listing[TrainingSet], progress: dict[int, float]) -> None:
    rows = found.rows
    for start in range(0, len(rows), COLUMNS):
        for column, row in zip(st.columns(COLUMNS), rows[start : start + COLUMNS], strict=False):
            with column.container(border=True, height="stretch"):
                _show_card(row, progress.get(saved_id(row)))
    page_buttons("training_sets", found.count)


def _show_card(row: TrainingSet, progress: float | None) -> None:
    statistics = training_sets.statistics_in(row)
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        st.markdown(f"**{escape_md(row.name)}**")
        state_badge(row.state)
    st.caption(_classes([entry.name for entry in statistics.classes]))
    if progress is not None:
        st.progress(progress, f"{progress:.0%}")
    elif row.state is TrainingSetState.FAILED:
        st.error(escape_md(row.message))
    else:
        frames = counted(statistics.frames.total, "frame")
        boxes = counted(statistics.boxes.total, "box")
        st.write(f"{frames}, {boxes} · {statistics.split.val_fraction:.0%} held out")
    if st.button("Open", key=f"open-set-{row.id}", icon=":material/arrow_forward:"):
        _go(training_set=str(row.id))


def _classes(names: list[str]) -> str:
    more = len(names) - _NAMED_CLASSES
    shown = escape_md(", ".join(names[:_NAMED_CLASSES]))
    return f"{shown} and {more} more" if more > 0 else shown


def _go(**query: str) -> None:
    """Rerun this page with other query parameters."""
    st.query_params.from_dict(query)
    st.rerun(scope="app")


main()
