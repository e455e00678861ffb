"""Runs a detector on an image and caches the result while the user changes the filter."""

import streamlit as st

from pages._try_it.sources import VideoFrame
from tpod_core.inference.detection_filter import DetectionFilter
from tpod_core.models import Detector, saved_id
from tpod_core.services import inference
from tpod_core.services.inference import FrameDetections
from tpod_core.video.encode import scaled_down
from tpod_core.video.orientation import Image
from tpod_core.video.pictures import read_picture

_SHOWN_WIDTH_PX = 1280
_ALL_DETECTIONS = DetectionFilter(0.01)
"""The model runs once with a low confidence; the user's filter is applied afterwards."""


def run_on_file(detector: Detector, content: bytes) -> tuple[Image, FrameDetections]:
    """Returns the image scaled to the screen, and its detections in pixels of the original."""
    return _run_on_file(saved_id(detector), content, detector)


def run_on_frame(detector: Detector, frame: VideoFrame) -> FrameDetections:
    """Returns all detections on a frame, in its pixels."""
    frame_key = saved_id(frame.video), frame.video.playback_key, frame.frame_index
    return _run_on_frame(saved_id(detector), frame_key, detector, frame)


@st.cache_data(max_entries=8, show_spinner="Running the detector …")
def _run_on_file(
    detector_id: int, content: bytes, _detector: Detector
) -> tuple[Image, FrameDetections]:
    """``detector_id`` and ``content`` are the cache key."""
    image = read_picture(content)
    detections = inference.detect_objects(_detector, image, _ALL_DETECTIONS)
    return scaled_down(image, _SHOWN_WIDTH_PX), detections


@st.cache_data(max_entries=64, show_spinner="Running the detector …")
def _run_on_frame(
    detector_id: int, frame_key: tuple[int, str, int], _detector: Detector, _frame: VideoFrame
) -> FrameDetections:
    """``detector_id`` and ``frame_key`` are the cache key."""
    image = inference.read_frame(_frame.video, _frame.frame_index)
    return inference.detect_objects(_detector, image, _ALL_DETECTIONS)
