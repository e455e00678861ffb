"""Re-encodes a file that does not seek reliably, one output frame for each input frame."""

from fractions import Fraction
from pathlib import Path

import av
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from tpod_core.errors import NotAVideo
from tpod_core.video.probe import open_video
from tpod_core.video.scan import ProgressMonitor, Scan

KEY_EVERY = 24
LOSSLESS_BYTES_PER_PIXEL = 0.3
"""Measured 0.21 to 0.31 with x264's fastest lossless mode at 8 bits; twice that at 10."""

MAX_LOSSLESS_BYTES = 4 * 1024**3
"""About five minutes at 1080p; longer files lose a little detail instead of filling the disk."""

_LOSSLESS = {"qp": "0", "preset": "ultrafast"}
_NEARLY_LOSSLESS = {"crf": "14", "preset": "superfast"}
_RATE = 30


def lossless_bytes(scanned: Scan) -> int:
    """Estimates the size of a lossless re-encoding."""
    width, height = scanned.index.stored_wh
    return int(len(scanned.index) * width * height * LOSSLESS_BYTES_PER_PIXEL)


def normalize(source: Path, target: Path, scanned: Scan, monitor: ProgressMonitor) -> None:
    """Write the frames of ``source``, in the order of the scan, to ``target`` (MP4).

    A key frame every ``KEY_EVERY`` frames, no B-frames, times 0, 1, 2, …; the picture is not
    turned upright. Up to ``MAX_LOSSLESS_BYTES`` the encoding is lossless: the decoded luma
    equals the source's bit for bit.

    Raises: NotAVideo if the encoder refuses frames of this size.
    """
    lossless = lossless_bytes(scanned) <= MAX_LOSSLESS_BYTES
    with (
        open_video(source) as video,
        av.open(str(target), "w", format="mp4") as container,
    ):
        stream: VideoStream | None = None
        for number, frame in enumerate(video.frames()):
            monitor.check()
            monitor.progress(number / len(scanned.index), f"Rewriting frame {number}")
            if stream is None:
                stream = _stream_for(frame, container, lossless=lossless)
            container.mux(stream.encode(_prepared(frame, number, stream)))
        if stream is not None:
            container.mux(stream.encode(None))


def _stream_for(
    frame: VideoFrame, container: av.container.OutputContainer, *, lossless: bool
) -> VideoStream:
    codec, pixel_format = _codec_for(frame)
    options = (_LOSSLESS if lossless else _NEARLY_LOSSLESS) | {"bf": "0"}
    stream: VideoStream = container.add_stream(codec, rate=_RATE, options=options)
    stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, pixel_format
    context = stream.codec_context
    context.time_base = Fraction(1, _RATE)
    context.gop_size = KEY_EVERY
    context.color_range = frame.color_range
    context.colorspace = frame.colorspace
    try:
        context.open()
    except av.FFmpegError as error:
        raise NotAVideo(
            f"The file has to be rewritten, and its frames of {frame.width:,} × {frame.height:,} "
            "pixels are too large for that. Scale the video down with another program, and upload "
            "the result."
        ) from error
    return stream


def _codec_for(frame: VideoFrame) -> tuple[str, str]:
    """Returns an encoder and a pixel format that keep the luma exactly."""
    source = frame.format
    if source.is_rgb or source.has_palette:
        return "libx264rgb", "rgb24"
    known = {str(known.name) for known in av.Codec("libx264", "w").video_formats or ()}
    has_even_sides = frame.width % 2 == frame.height % 2 == 0  # Halved chroma requires them.
    if source.name in known and has_even_sides:
        return "libx264", source.name
    return "libx264", "yuv444p10le" if source.components[0].bits > 8 else "yuv444p"


def _prepared(frame: VideoFrame, number: int, stream: VideoStream) -> VideoFrame:
    frame = frame.reformat(width=stream.width, height=stream.height, format=stream.pix_fmt)
    frame.pts, frame.time_base = number, Fraction(1, _RATE)
    frame.pict_type = PictureType.NONE
    return frame
