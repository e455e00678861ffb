"""Tries a detector on a picture or a whole video: ``/try_it``, optionally ``?detector=5``."""

from collections.abc import Callable
from enum import StrEnum

import streamlit as st

from pages._shared.detection_filter import DetectorTrial, choose_detector, choose_filter
from pages._shared.feedback import show_errors
from pages._shared.guard import require_user
from pages._shared.page import empty_state, page_header
from pages._try_it.frame import show_frame
from pages._try_it.picture import show_picture
from pages._try_it.sources import pick_camera, pick_frame, pick_image, pick_video
from pages._try_it.video import show_video
from tpod_core.db import read_session
from tpod_core.models import Detector, User
from tpod_core.services import inference


class Source(StrEnum):
    """The inputs that a detector can run on."""

    IMAGE = "Image"
    CAMERA = "Camera"
    FRAME = "Frame"
    VIDEO = "Video"


def main() -> None:
    user = require_user()
    page_header("Try it", "Run a detector on a picture, a frame or a whole video.")
    with show_errors():
        with read_session() as session:
            usable = inference.list_usable(session, user)
        if usable:
            _try(user, usable)
        else:
            _explain_nothing()


def _try(user: User, usable: list[Detector]) -> None:
    left, right = st.columns([2, 5], gap="large")
    with left:
        detector = choose_detector(usable, st.query_params.get("detector", ""))
        chosen = st.segmented_control(
            "Run it on", list(Source), default=Source.IMAGE, required=True, width="stretch"
        )
        show = _choose_input(user, Source(chosen or Source.IMAGE))
        trial = DetectorTrial(user, detector, choose_filter(detector))
    with right, show_errors():
        show(trial)


def _choose_input(user: User, source: Source) -> Callable[[DetectorTrial], None]:
    """Ask for the input; returns a function that shows the detections on it."""
    match source:
        case Source.IMAGE:
            image = pick_image()
            return lambda trial: show_picture(trial, image)
        case Source.CAMERA:
            photo = pick_camera()
            return lambda trial: show_picture(trial, photo)
        case Source.FRAME:
            frame = pick_frame(user)
            return lambda trial: show_frame(trial, frame)
        case Source.VIDEO:
            video = pick_video(user)
            return lambda trial: show_video(trial, video)


def _explain_nothing() -> None:
    empty_state(
        "No trained detector yet",
        "Once a detector is trained, you can try it here on images, your videos, and your camera.",
    )
    if st.button("Go to the detectors", icon=":material/model_training:"):
        st.switch_page("detectors.py")


main()
