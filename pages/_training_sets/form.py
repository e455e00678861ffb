"""The form for a new training set, with a live preview."""

import streamlit as st

from pages._shared.feedback import show_errors
from pages._shared.page import empty_state, escape_md, page_header, warning_box
from pages._training_sets.fields import choose, read_available_videos
from pages._training_sets.form_values import TrainingSetForm
from pages._training_sets.numbers import (
    show_class_table,
    show_split,
    show_totals,
)
from pages._training_sets.preflight import show_findings
from tpod_core.db import read_session, transaction
from tpod_core.errors import InvalidInput
from tpod_core.models import User, saved_id
from tpod_core.services import training_sets
from tpod_core.services.training_sets import Preview


def show_form(user: User) -> int | None:
    """Show the form and its preview; returns the id of the new set once it is queued."""
    page_header("New training set", "Choose frames; the numbers update as you choose.")
    available = read_available_videos(user)
    if not available.videos:
        empty_state(
            "Nothing is labelled yet",
            "A training set is made of labelled frames. Open a video and draw some boxes first.",
        )
        if st.button("Go to the videos", icon=":material/movie:"):
            st.switch_page("videos.py")
        return None
    left, right = st.columns([3, 2], gap="large")
    with left:
        name = st.text_input("Name", placeholder="Cups in the kitchen", max_chars=200)
        form = choose(available)
    with right:
        st.markdown("**What you get**")
        preview = _preview(user, form)
        refusal = st.container()  # above the button: below the findings it is out of sight
        pressed = st.button(
            "Build the training set",
            type="primary",
            icon=":material/construction:",
            width="stretch",
            disabled=preview is None,
        )
        if preview is not None:
            warning_box(preview.warnings)
            show_findings(preview.findings)
            show_class_table(preview.statistics)
    if pressed:
        with refusal, show_errors():
            with read_session() as session:
                draft = training_sets.prepare(session, user, name, form.spec())
            with transaction() as session:
                return saved_id(training_sets.create(session, user, draft))
    return None


def _preview(user: User, form: TrainingSetForm) -> Preview | None:
    """Show the statistics of the chosen set, or why it is invalid."""
    try:
        with read_session() as session:
            preview = training_sets.preview(session, user, form.spec())
    except InvalidInput as refused:
        st.info(escape_md(refused.message), icon=":material/info:")
        return None
    show_totals(preview.statistics)
    show_split(preview.statistics, is_built=False)
    return preview
