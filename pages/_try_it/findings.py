"""What a detector found, in words and numbers."""

from collections.abc import Sequence

import streamlit as st

from pages._shared.page import counted
from tpod_core.inference.detection_filter import FoundBox
from tpod_core.services.inference import FrameDetections


def show_findings(found: Sequence[FoundBox], look: FrameDetections) -> None:
    """How many objects, how fast, and each of them; or what would be the next best guess."""
    width, height = look.frame_wh
    objects = counted(len(found), "object")
    st.markdown(f"**{objects}** · {look.latency_ms:.0f} ms · {width}×{height}")
    if found:
        _show_table(found)
    elif look.boxes:
        best = max(each.score for each in look.boxes)
        st.caption(f"Nothing as sure as that. Its best guess has a score of {best:.2f}.")


def _show_table(found: Sequence[FoundBox]) -> None:
    st.dataframe(
        [
            {
                "Class": each.label,
                "Score": each.score,
                "Box": ", ".join(f"{edge:.0f}" for edge in each.box.xyxy),
            }
            for each in found
        ],
        hide_index=True,
        column_config={
            "Score": st.column_config.ProgressColumn(min_value=0, max_value=1, format="%.2f"),
            "Box": st.column_config.TextColumn(
                "Left, top, right, bottom", help="In pixels of the original picture."
            ),
        },
    )
