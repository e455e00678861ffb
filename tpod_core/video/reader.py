"""Exact frames by number: seek, decode up to the frame, and check that it is the one."""

from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

from tpod_core.errors import Conflict, NotFound
from tpod_core.video.decoding import luma_crc
from tpod_core.video.index import FrameIndex
from tpod_core.video.orientation import Image
from tpod_core.video.probe import open_or_refuse

_SEEK_COST_FRAMES = 4
"""Decoding on over so few frames is no slower than a seek, which refills the decoder."""

_CONVERSION_THREADS = 2


class VideoReader:
    """Frames of one file, upright, as blue-green-red images. For one thread at a time.

    Ascending numbers are cheapest: decoding goes on from where it stands. ``index`` may be
    replaced by a longer one of the same file while an import runs.
    """

    def __init__(self, path: Path, index: FrameIndex) -> None:
        self.index = index
        self.position = -1
        """Number of the last frame decoded; -1 where that is not known."""
        self._path = path
        self._to_bgr = VideoReformatter()
        self._open()

    def read(self, frame_index: int) -> Image:
        """One frame. Raises: NotFound beyond the end; Conflict if the file is not what it was."""
        return self._image(self.decoded(frame_index))

    def read_many(self, frame_indices: Iterable[int]) -> Iterator[tuple[int, Image]]:
        """Frames by ascending number, each stretch decoded once. Raises as ``read`` does."""
        for frame_index in frame_indices:
            yield frame_index, self.read(frame_index)

    def decoded(self, frame_index: int) -> VideoFrame:
        """One frame as the decoder gives it, not turned. Raises as ``read`` does."""
        if not 0 <= frame_index < len(self.index):
            raise NotFound(f"The video has no frame {frame_index}: it has {len(self.index)}.")
        frame = (
            (self._goes_on(frame_index) and self._decode_to(frame_index, skipping=True))
            or self._sought(frame_index)
            or self._from_the_beginning(frame_index)
        )
        if not frame:
            raise Conflict(
                f"Frame {frame_index} does not decode as it did when the video was imported. "
                "Its file has changed: upload the video again."
            )
        return frame

    def can_seek_to(self, frame_index: int) -> bool:
        """Whether a frame is found from its own key frame or the one before it."""
        return any(self._frame_from(start, frame_index) for start in self._starts(frame_index))

    def close(self) -> None:
        self._video.close()

    def __enter__(self) -> "VideoReader":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _open(self) -> None:
        self._video = open_or_refuse(self._path)
        self._begin()

    def _begin(self) -> None:
        self._packets = self._video.packets()
        self._decoded: deque[VideoFrame] = deque()
        self.position = -1

    def _goes_on(self, frame_index: int) -> bool:
        """Whether decoding on is the cheapest way to a frame."""
        if not 0 <= self.position < frame_index:
            return False
        nearest_key = next(iter(self._starts(frame_index)), 0)
        return nearest_key <= self.position + _SEEK_COST_FRAMES

    def _starts(self, frame_index: int) -> list[int]:
        """The last two key frames up to a frame, nearest first."""
        keys = self.index.key_frames
        upto = int(keys.searchsorted(frame_index, side="right"))
        return [int(key) for key in keys[max(0, upto - 2) : upto][::-1]]

    def _sought(self, frame_index: int) -> VideoFrame | None:
        starts = self._starts(frame_index)
        for start in starts:
            frame = self._frame_from(start, frame_index, skipping=start == starts[0])
            if frame:
                return frame
        return None

    def _frame_from(
        self, start: int, frame_index: int, *, skipping: bool = True
    ) -> VideoFrame | None:
        """The frame, by seeking to key frame ``start``; ``None`` if that lands elsewhere."""
        try:
            self._video.container.seek(int(self.index.pts[start]), stream=self._video.stream)
        except av.FFmpegError:
            return None
        self._begin()
        return self._decode_to(frame_index, skipping=skipping)

    def _from_the_beginning(self, frame_index: int) -> VideoFrame | None:
        self.close()
        self._open()
        return self._decode_to(frame_index, skipping=False)

    def _decode_to(self, frame_index: int, *, skipping: bool) -> VideoFrame | None:
        """The frame, if decoding on meets it with its own checksum."""
        wanted_pts = int(self.index.pts[frame_index])
        self.position = -1
        for frame in self._frames_up_to(wanted_pts, skipping=skipping):
            if frame.pts is None or frame.pts < wanted_pts:
                continue
            if frame.pts > wanted_pts or luma_crc(frame) != self.index.luma_crc[frame_index]:
                return None
            self.position = frame_index
            return frame
        return None

    def _frames_up_to(self, pts: int, *, skipping: bool) -> Iterator[VideoFrame]:
        """Decode on. ``skipping`` leaves out earlier frames that no other frame refers to."""
        while True:
            while self._decoded:
                yield self._decoded.popleft()
            packet = next(self._packets, None)
            if packet is None:
                return
            skip = skipping and packet.pts is not None and packet.pts < pts
            self._video.context.skip_frame = "NONREF" if skip else "DEFAULT"
            self._decoded.extend(self._video.decode(packet))

    def _image(self, frame: VideoFrame) -> Image:
        width, height = self.index.stored_wh
        converted = self._to_bgr.reformat(
            frame, width=width, height=height, format="bgr24", threads=_CONVERSION_THREADS
        )
        image: Image = np.asarray(converted.to_ndarray(), np.uint8)
        return self.index.orientation.upright(image)
