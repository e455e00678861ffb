"""What a person has decided in this browser tab."""

import streamlit as st

_KEY = "decided_findings"


def decided_findings(detector_id: int) -> list[int]:
    """The decided findings of a detector, the last at the end, to be taken back."""
    decided: dict[int, list[int]] = st.session_state.setdefault(_KEY, {})
    return decided.setdefault(detector_id, [])
