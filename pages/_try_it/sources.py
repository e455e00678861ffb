"""Fields to choose the input of a detector: an image file, the camera, a frame or a video."""

from dataclasses import dataclass

import streamlit as st

from pages._shared.options import distinct
from tpod_core.db import read_session
from tpod_core.models import User, Video, VideoState
from tpod_core.services import videos

IMAGE_TYPES = ["jpg", "jpeg", "png", "webp", "bmp", "tif", "tiff", "gif", "avif"]


@dataclass(frozen=True)
class VideoFrame:
    """A frame of a video."""

    video: Video
    frame_index: int


def pick_image() -> bytes | None:
    """Ask for an image file; returns its content."""
    file = st.file_uploader("Image", IMAGE_TYPES)
    return file.getvalue() if file else None


def pick_camera() -> bytes | None:
    """Ask for a photo from the device's camera; returns its content."""
    photo = st.camera_input(
        "Camera", help="Browsers allow the camera only on this machine itself, or over HTTPS."
    )
    return photo.getvalue() if photo else None


def pick_frame(user: User) -> VideoFrame | None:
    """Ask for a frame of one of the user's videos, if there are any."""
    video = pick_video(user)
    if video is None:
        return None
    last = video.frame_count - 1
    frame = st.slider("Frame", 0, last, 0, key=f"try-frame-{video.id}") if last else 0
    return VideoFrame(video, frame)


def pick_video(user: User) -> Video | None:
    """Ask for one of the user's videos that are ready, if there are any."""
    with read_session() as session:
        ready = [
            video for video in videos.list_videos(session, user) if video.state is VideoState.READY
        ]
    if not ready:
        st.info("There is no video that is ready. Upload one on the Videos page.")
        return None
    return st.selectbox("Video", ready, format_func=distinct(ready, lambda video: video.name))
