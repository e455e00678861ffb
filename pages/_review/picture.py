"""A frame with a detection and its labels, which the browser draws over the picture."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from tpod_core.geometry import Box
from tpod_core.models import Finding, Video
from tpod_core.services.annotations import FrameBox

_WIDTH_PX = 1280
_HEIGHT_VH = 66
"""Height in percent of the window, so that the buttons fit beside it on a small screen."""

_CHIP_SHARE = 0.06
"""The share of the picture's height that a label chip needs above its box."""

_CHIP = (
    "position:absolute;left:-2px;padding:0 .3rem;font-size:.8rem;"
    "line-height:1.2rem;white-space:nowrap;background:"
)


def finding_picture(
    video: Video, finding: Finding, boxes: Sequence[FrameBox], following: Sequence[Finding]
) -> None:
    """Show the frame of ``finding``.

    Args:
        boxes: the labels on that frame.
        following: the next findings, whose pictures the browser fetches ahead.
    """
    width, height = video.frame_wh
    label = f"{finding.label} {finding.score:.2f}"
    drawn = "".join(
        _box_html(video, box.box, box.label, "2px dashed #2ec4f1", "#06222d") for box in boxes
    )
    drawn += _box_html(video, finding.box, label, "3px solid #e11d1d", "#fff")
    prefetched = "".join(
        f"<img src='{_frame_url(each)}' alt='' style='display:none'>" for each in following
    )
    st.html(
        f"<div style='position:relative;overflow:hidden;border-radius:.5rem;"
        f"aspect-ratio:{width}/{height};"
        f"width:min(100%, calc({_HEIGHT_VH}vh * {width / height:.4f}))'>"
        f"<img src='{_frame_url(finding)}' alt='frame {finding.frame_index}' style='width:100%;"
        f"height:100%;display:block'>{drawn}</div>{prefetched}"
    )


def _box_html(video: Video, box: Box, label: str, border: str, ink: str) -> str:
    width, height = video.frame_wh
    left, top = box.x1 / width, box.y1 / height
    color = border.rpartition(" ")[2]
    # A chip above the picture would be cut off.
    chip_position = "bottom:100%" if top > _CHIP_SHARE else "top:0"
    return (
        f"<div style='position:absolute;box-sizing:border-box;border:{border};"
        f"left:{left:.3%};top:{top:.3%};"
        f"width:{box.width / width:.3%};height:{box.height / height:.3%}'>"
        f"<span style='{chip_position};{_CHIP}{color};color:{ink}'>{escape(label)}</span></div>"
    )


def _frame_url(finding: Finding) -> str:
    return f"/api/v1/videos/{finding.video_id}/frames/{finding.frame_index}?width={_WIDTH_PX}"
