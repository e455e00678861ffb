"""Runs a detector on an image file or a camera photo."""

from collections.abc import Sequence

import streamlit as st

from pages._shared.detection_filter import DetectorTrial
from pages._try_it.cached_inference import run_on_file
from pages._try_it.detections import show_detections, show_legend
from tpod_core.annotations.label_colors import label_colors
from tpod_core.db import read_session
from tpod_core.inference.detection_filter import FoundBox
from tpod_core.services import inference
from tpod_core.video.drawing import legend
from tpod_core.video.encode import encode_jpeg
from tpod_core.video.orientation import Image

_TALL_HEIGHT_PX = 480


def show_picture(trial: DetectorTrial, content: bytes | None) -> None:
    """Show the detections in an image file."""
    if content is None:
        st.info("The detections will appear here.", icon=":material/image_search:")
        return
    image, detections = run_on_file(trial.detector, content)
    found = trial.filter.select(detections.boxes)
    _show_image(trial, image, found, detections.frame_wh)
    show_detections(found, detections)
    st.caption("Only frames of videos can be labelled: to correct and save boxes, choose *Frame*.")


def _show_image(
    trial: DetectorTrial, image: Image, found: Sequence[FoundBox], frame_wh: tuple[int, int]
) -> None:
    with read_session() as session:
        colors = label_colors(session, trial.detector.labels)
    drawn = inference.draw_detections(image, found, frame_wh, colors)
    # A tall image as wide as the page would push the text below it out of sight.
    drawn_height, drawn_width = drawn.shape[:2]
    fitting_width = max(1, _TALL_HEIGHT_PX * drawn_width // drawn_height)
    st.image(encode_jpeg(drawn), width=fitting_width if drawn_height > drawn_width else "stretch")
    show_legend(legend(tuple(colors)))
