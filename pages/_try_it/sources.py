"""What a detector is tried on: an image file, the camera, a frame of a video, a video."""

from dataclasses import dataclass

import streamlit as st

from tpod_core.db import read_session
from tpod_core.models import User, Video, VideoState
from tpod_core.services import videos

IMAGE_TYPES = ["jpg", "jpeg", "png", "webp", "bmp", "tif", "tiff", "gif", "avif"]


@dataclass(frozen=True)
class FrameAt:
    """A frame of a video."""

    video: Video
    frame_index: int


def pick_image() -> bytes | None:
    """The content of an image file."""
    file = st.file_uploader("Image", IMAGE_TYPES)
    return file.getvalue() if file else None


def pick_camera() -> bytes | None:
    """A picture of the camera of the person's device."""
    photo = st.camera_input(
        "Camera", help="Browsers open the camera on this machine itself, or over HTTPS."
    )
    return photo.getvalue() if photo else None


def pick_frame(user: User) -> FrameAt | None:
    """A frame of one of the person's videos, if there are any."""
    video = pick_video(user)
    if video is None:
        return None
    last = video.frame_count - 1
    frame = st.slider("Frame", 0, last, 0, key=f"try-frame-{video.id}") if last else 0
    return FrameAt(video, frame)


def pick_video(user: User) -> Video | None:
    """One of the person's videos that have been read to the end, if there are any."""
    with read_session() as session:
        ready = [
            video for video in videos.list_videos(session, user) if video.state is VideoState.READY
        ]
    if not ready:
        st.info("There is no video that is ready. Upload one on the Videos page.")
        return None
    return st.selectbox("Video", ready, format_func=lambda video: video.name)
