"""The review decisions made in this browser tab."""

import streamlit as st

_KEY = "decided_findings"


def decided_findings(detector_id: int) -> list[int]:
    """The ids of a detector's decided findings, oldest first, for undo."""
    decided: dict[int, list[int]] = st.session_state.setdefault(_KEY, {})
    return decided.setdefault(detector_id, [])
