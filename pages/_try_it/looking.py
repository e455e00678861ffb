"""The detector's look at a picture, kept as long as the person plays with what is shown of it."""

import streamlit as st

from pages._try_it.sources import FrameAt
from tpod_core.inference.detection_filter import DetectionFilter
from tpod_core.models import Detector, saved_id
from tpod_core.services import inference
from tpod_core.services.inference import FrameDetections
from tpod_core.video.encode import scaled_down
from tpod_core.video.orientation import Image
from tpod_core.video.pictures import read_picture

_SHOWN_WIDTH_PX = 1280
_EVERYTHING = DetectionFilter(0.01)
"""The model runs once; what the slider and the classes leave out is left out afterwards."""


def look_at_file(detector: Detector, content: bytes) -> tuple[Image, FrameDetections]:
    """The picture at the size of the screen, and all that is in it, in its own pixels."""
    return _look_at_file(saved_id(detector), content, detector)


def look_at_frame(detector: Detector, at: FrameAt) -> FrameDetections:
    """All that is in a frame, in its pixels."""
    frame_key = saved_id(at.video), at.video.playback_key, at.frame_index
    return _look_at_frame(saved_id(detector), frame_key, detector, at)


@st.cache_data(max_entries=8, show_spinner="Looking …")
def _look_at_file(
    detector_id: int, content: bytes, _detector: Detector
) -> tuple[Image, FrameDetections]:
    """The id and the content are the key."""
    image = read_picture(content)
    look = inference.detect_objects(_detector, image, _EVERYTHING)
    return scaled_down(image, _SHOWN_WIDTH_PX), look


@st.cache_data(max_entries=64, show_spinner="Looking …")
def _look_at_frame(
    detector_id: int, frame_key: tuple[int, str, int], _detector: Detector, _at: FrameAt
) -> FrameDetections:
    """As ``_look_at_file``."""
    image = inference.read_frame(_at.video, _at.frame_index)
    return inference.detect_objects(_detector, image, _EVERYTHING)
