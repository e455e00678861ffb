"""Chooses the label of the next box, and adds new labels."""

import streamlit as st

from pages._labeling.plain_session import PlainSession
from pages._shared.feedback import show_errors
from pages._shared.page import escape_md
from tpod_core.models import User

_LABEL = "plain_label"
_MAX_SEGMENTS = 8


def choose_label(user: User, session: PlainSession) -> str:
    """Returns the name of the next box's label; empty if the video has no labels."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        choice = st.container(width="stretch")
        with st.popover("Add a label", icon=":material/new_label:"):
            _add(user, session)
        with choice:
            return _choose(list(session.colors()))


def _choose(names: list[str]) -> str:
    if not names:
        st.info("This video has no labels yet. Add one, then draw.")
        return ""
    if st.session_state.get(_LABEL) not in names:
        st.session_state[_LABEL] = names[0]
    if len(names) > _MAX_SEGMENTS:
        return st.selectbox("Label", names, key=_LABEL, label_visibility="collapsed")
    chosen = st.segmented_control(
        "Label",
        names,
        format_func=escape_md,
        key=_LABEL,
        required=True,
        label_visibility="collapsed",
    )
    return chosen or names[0]


def _add(user: User, session: PlainSession) -> None:
    with st.form("plain-new-label", clear_on_submit=True, border=False):
        name = st.text_input("Name of the label")
        submitted = st.form_submit_button("Add", type="primary")
    if submitted:
        with show_errors():
            st.session_state[_LABEL] = session.add_label(user, name)
