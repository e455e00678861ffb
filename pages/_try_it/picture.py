"""A detector looks at a picture that belongs to no video: an image file, or the camera's."""

from collections.abc import Sequence

import streamlit as st

from pages._shared.detection_filter import TryOut
from pages._try_it.findings import show_findings
from pages._try_it.looking import look_at_file
from tpod_core.annotations.label_colors import label_colors
from tpod_core.db import read_session
from tpod_core.geometry import Box
from tpod_core.inference.detection_filter import FoundBox
from tpod_core.inference.drawing import draw
from tpod_core.services import inference
from tpod_core.video.encode import encode_jpeg
from tpod_core.video.orientation import Image

_TALL_HEIGHT_PX = 480


def show_picture(tried: TryOut, content: bytes | None) -> None:
    """What the detector finds in an image file."""
    if content is None:
        st.info("What the detector finds appears here.", icon=":material/image_search:")
        return
    image, look = look_at_file(tried.detector, content)
    found = tried.filter.select(look.boxes)
    _show_image(tried, image, [_scaled(each, image.shape[1] / look.frame_wh[0]) for each in found])
    show_findings(found, look)
    st.caption(
        "Only frames of videos can be labelled: to correct boxes and keep them, look at a *Frame*."
    )


def _show_image(tried: TryOut, image: Image, found: Sequence[FoundBox]) -> None:
    with read_session() as session:
        colors = label_colors(session, tried.detector.labels)
    drawn = draw(image, inference.marks_of(found, colors))
    # A tall picture, as wide as the page, would push what is said about it out of sight.
    drawn_height, drawn_width = drawn.shape[:2]
    fitting = _TALL_HEIGHT_PX * drawn_width // drawn_height
    st.image(encode_jpeg(drawn), width=fitting if drawn_height > drawn_width else "stretch")


def _scaled(found: FoundBox, scale: float) -> FoundBox:
    box = Box(*(edge * scale for edge in found.box.xyxy))
    return FoundBox(found.label, found.class_id, found.score, box)
