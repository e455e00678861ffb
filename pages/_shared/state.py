"""Every key of ``st.session_state``, as typed functions. No screen touches the keys itself."""

from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from pages._shared.labeling_session import LabelingSession

_LABELING_SESSION = "labeling_session"


def labeling_session() -> "LabelingSession | None":
    """What the labelling screen has open in this browser tab."""
    return st.session_state.get(_LABELING_SESSION)


def set_labeling_session(session: "LabelingSession") -> None:
    st.session_state[_LABELING_SESSION] = session
