"""Shows the detections of an image as a table."""

from collections.abc import Sequence

import streamlit as st

from pages._shared.page import counted, escape_md
from tpod_core.inference.detection_filter import FoundBox
from tpod_core.services.inference import FrameDetections


def show_detections(found: Sequence[FoundBox], detections: FrameDetections) -> None:
    """Show the count, the latency and a table; with none ``found``, the best lower score."""
    width, height = detections.frame_wh
    objects = counted(len(found), "object")
    st.markdown(f"**{objects}** · {detections.latency_ms:.0f} ms · {width}×{height}")
    if found:
        _show_table(found)
    elif detections.boxes:
        best = max(each.score for each in detections.boxes)
        st.caption(f"Nothing above this confidence. The best detection has a score of {best:.2f}.")


def show_legend(lines: Sequence[str]) -> None:
    """Name the classes that a drawn picture shows as numbers, if there are any."""
    if lines:
        named = escape_md(" · ".join(lines))
        st.caption(f"No font here has the characters of these names: {named}")


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
