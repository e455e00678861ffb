"""What the labelling screen has open in this browser tab."""

import streamlit as st

from pages._labeling.session import LabelingSession

_KEY = "labeling_session"


def labeling_session() -> LabelingSession | None:
    opened: LabelingSession | None = st.session_state.get(_KEY)
    return opened


def set_labeling_session(session: LabelingSession) -> None:
    st.session_state[_KEY] = session
