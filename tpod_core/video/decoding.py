"""Opens and decodes a video file, with the same settings everywhere.

Damaged files decode differently with several threads than with one, so one thread is the
default, and its result is the reference. FFmpeg's log level is not changed: setting it while
decoder threads run can deadlock.
"""

import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import av
import numpy as np
from av.container import InputContainer
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

DEMUXERS = (
    "mov,mp4,matroska,webm,avi,mpegts,mpeg,mpegvideo,h264,hevc,m4v,ivf,obu,av1,flv,asf,ogg,"
    "gif,mxf,dv,nut,rm,mjpeg"
)
"""FFmpeg's demuxers of video files. Its playlist demuxers could open other files or URLs."""


class OpenVideo:
    """A file's first video stream that is not a cover picture.

    ``damaged`` turns true at the first packet that cannot be read or decoded; decoding
    continues after it. Not thread-safe.

    Raises: av.FFmpegError or ValueError from the constructor if FFmpeg cannot open the file;
    LookupError if it holds no video stream.
    """

    def __init__(self, path: Path, threads: int = 1, max_pixels: int | None = None) -> None:
        self.container: InputContainer = av.open(
            str(path),
            options={"format_whitelist": DEMUXERS, "protocol_whitelist": "file"},
            metadata_errors="ignore",
        )
        self.damaged = False
        try:
            self.stream = _first_video_stream(self.container)
        except LookupError:
            self.container.close()
            raise
        self.context = self.stream.codec_context
        self.context.thread_type = "NONE" if threads == 1 else "FRAME"
        self.context.thread_count = threads
        if max_pixels is not None:
            self.context.options = {"max_pixels": str(max_pixels)}

    def packets(self) -> Iterator[av.Packet]:
        """Yields the packets of the stream; the last one is empty and flushes the decoder."""
        try:
            yield from self.container.demux(self.stream)
        except av.FFmpegError:
            self.damaged = True
            yield av.Packet(0)

    def decode(self, packet: av.Packet) -> list[VideoFrame]:
        """Returns the frames that ``packet`` completes, in presentation order."""
        if packet.size == 0 and packet.dts is not None:
            # AVI repeats a frame with an empty packet, which the decoder takes for the end.
            return []
        try:
            return list(self.context.decode(packet if packet.size else None))
        except av.error.EOFError:
            return []
        except av.FFmpegError:
            self.damaged = True
            return []

    def frames(self) -> Iterator[VideoFrame]:
        """Yields the frames from the current position to the end."""
        for packet in self.packets():
            yield from self.decode(packet)

    def close(self) -> None:
        self.container.close()

    def __enter__(self) -> "OpenVideo":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _first_video_stream(container: InputContainer) -> VideoStream:
    """Skips cover pictures, which FFmpeg lists as video streams too."""
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:
            return stream
    raise LookupError("no video stream")


def luma_crc(frame: VideoFrame) -> int:
    """Returns the CRC-32 of the first plane without row padding, which varies by thread."""
    plane = frame.planes[0]
    stride = abs(plane.line_size)
    rows = np.frombuffer(memoryview(plane), np.uint8, stride * frame.height).reshape(
        frame.height, stride
    )
    if plane.line_size < 0:
        rows = rows[::-1]
    return zlib.crc32(np.ascontiguousarray(rows[:, : _row_bytes(frame)]).data)


def _row_bytes(frame: VideoFrame) -> int:
    pixel_format = frame.format
    if pixel_format.is_planar:
        return frame.width * ((pixel_format.components[0].bits + 7) // 8)
    return (frame.width * pixel_format.padded_bits_per_pixel + 7) // 8
