"""Reads a file's properties before its import, or says why it is not a usable video."""

import re
from dataclasses import dataclass
from fractions import Fraction
from mmap import ACCESS_READ, mmap
from pathlib import Path

import av
from av.video.frame import VideoFrame

from tpod_core.config import get_settings
from tpod_core.errors import NotAVideo, TooLarge
from tpod_core.video.decoding import OpenVideo
from tpod_core.video.orientation import Orientation, orientation_of

_NO_TIMESTAMPS = 0x0080
"""FFmpeg's flag of a format without times: AVFMT_NOTIMESTAMPS of avformat.h."""

_GIF_DELAY = re.compile(rb"\x21\xf9\x04.(..).\x00", re.DOTALL)
"""The delay of a GIF's Graphic Control Extension. Source: GIF89a, section 23."""

_MP4_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
NO_FRAME = (
    "The file holds no frame that can be decoded. Upload another copy of it, or convert it to "
    "MP4 (H.264) first."
)


@dataclass(frozen=True)
class VideoProbe:
    """What a video's header says; its ``fps``, ``header_frames`` and ``duration_s`` may be wrong.

    They are 0 where the header does not say. ``has_times`` is whether the file says when its
    frames are shown; if not, FFmpeg makes their times up. ``stored_wh`` is the size before
    ``orientation`` is applied.
    """

    codec: str
    stored_wh: tuple[int, int]
    orientation: Orientation
    time_base: Fraction
    fps: float
    has_times: bool
    header_frames: int
    duration_s: float
    square_pixels: bool

    @property
    def upright_wh(self) -> tuple[int, int]:
        return self.orientation.upright_wh(self.stored_wh)


def probe(path: Path) -> VideoProbe:
    """Open ``path`` and decode its first frame; takes milliseconds whatever its length.

    Raises: NotAVideo with the reason; TooLarge if its frames have too many pixels.
    """
    if path.stat().st_size == 0:
        raise NotAVideo("The file is empty. Upload it again.")
    with open_video(path) as video:
        _require_max_pixels((video.context.width, video.context.height))
        frame = next(video.frames(), None)
        if frame is None:
            raise NotAVideo(NO_FRAME)
        _require_max_pixels((frame.width, frame.height))
        return _probe_of(video, frame, has_times=_has_times(video, path))


def open_video(path: Path, threads: int = 1) -> OpenVideo:
    """Open the file. Raises: NotAVideo with the reason."""
    try:
        return OpenVideo(path, threads, max_pixels=get_settings().max_frame_pixels)
    except LookupError as error:
        raise NotAVideo(
            "The file has no video stream: only sound, text or a cover picture. Upload a video."
        ) from error
    except av.error.EOFError as error:
        raise NotAVideo(NO_FRAME) from error
    except (av.FFmpegError, ValueError) as error:
        raise NotAVideo(_why_not_opened(path)) from error


def _why_not_opened(path: Path) -> str:
    with path.open("rb") as file:
        is_mp4 = file.read(8)[4:] in _MP4_BOXES
    if is_mp4:
        return (
            "The video is cut off: the part that says where its frames are is missing. "
            "Copy it again from where it was recorded, and upload the whole file."
        )
    return "The file is not a video that TPOD can read. Upload MP4, MOV, MKV, WebM, AVI or MPEG."


def _require_max_pixels(frame_wh: tuple[int, int]) -> None:
    width, height = frame_wh
    limit = get_settings().max_frame_pixels
    if width * height > limit:
        raise TooLarge(
            f"The frames are {width} × {height} pixels; at most {limit / 1e6:.0f} megapixels are "
            "accepted. Scale the video down and upload it again."
        )


def _has_times(video: OpenVideo, path: Path) -> bool:
    """Whether the file says when its frames are shown, or how long each is.

    Bare streams (H.264, HEVC, MPEG-4, MJPEG) do not, nor does a GIF whose every delay is 0.
    """
    if video.container.format.flags & _NO_TIMESTAMPS:
        return False
    return video.container.format.name != "gif" or _has_delays(path)


def _has_delays(gif: Path) -> bool:
    with gif.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
        return any(found[1] != b"\0\0" for found in _GIF_DELAY.finditer(content))


def _declared_fps(video: OpenVideo, *, has_times: bool) -> float:
    """Returns the rate that the header names; 0 where it does not.

    For a file without times FFmpeg answers 25, but the coded stream itself may name a rate.
    """
    stream = video.stream
    named = None if has_times else video.context.framerate
    return float(named or stream.average_rate or stream.guessed_rate or 0)


def _probe_of(video: OpenVideo, frame: VideoFrame, *, has_times: bool) -> VideoProbe:
    stream = video.stream
    assert stream.time_base is not None
    aspect = stream.sample_aspect_ratio or video.context.sample_aspect_ratio
    return VideoProbe(
        codec=video.context.name,
        stored_wh=(frame.width, frame.height),
        orientation=orientation_of(frame),
        time_base=stream.time_base,
        fps=_declared_fps(video, has_times=has_times),
        has_times=has_times,
        header_frames=stream.frames,
        duration_s=(video.container.duration or 0) / av.time_base,
        square_pixels=not aspect or abs(float(aspect) - 1) < 0.01,
    )
