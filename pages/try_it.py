"""Try a detector: ``/try_it``, optionally ``?detector=5``, on a picture or a whole video."""

from collections.abc import Callable
from enum import StrEnum

import streamlit as st

from pages._shared.detection_filter import TryOut, choose_detector, choose_filter
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
    """What the detector shall look at."""

    IMAGE = "Image"
    CAMERA = "Camera"
    FRAME = "Frame"
    VIDEO = "Video"


def main() -> None:
    user = require_user()
    page_header("Try it", "Let a detector look at a picture, at a frame, or through a whole video.")
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
            "Look at", list(Source), default=Source.IMAGE, required=True, width="stretch"
        )
        show = _picked(user, Source(chosen or Source.IMAGE))
        tried = TryOut(user, detector, choose_filter(detector))
    with right, show_errors():
        show(tried)


def _picked(user: User, source: Source) -> Callable[[TryOut], None]:
    """Ask for what to look at; the answer shows it."""
    match source:
        case Source.IMAGE:
            image = pick_image()
            return lambda tried: show_picture(tried, image)
        case Source.CAMERA:
            photo = pick_camera()
            return lambda tried: show_picture(tried, photo)
        case Source.FRAME:
            frame = pick_frame(user)
            return lambda tried: show_frame(tried, frame)
        case Source.VIDEO:
            video = pick_video(user)
            return lambda tried: show_video(tried, video)


def _explain_nothing() -> None:
    empty_state(
        "No trained detector yet",
        "Once a detector has learnt something, it can be tried here on images, on your videos, "
        "and on what your camera sees.",
    )
    if st.button("Go to the detectors", icon=":material/model_training:"):
        st.switch_page("detectors.py")


main()
