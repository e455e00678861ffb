"""Reads exact frames by number: seek, decode up to the frame, and verify its checksum."""

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
from tpod_core.video.probe import open_video

_SEEK_COST_FRAMES = 4
"""A seek refills the decoder, which takes as long as decoding this many frames."""

_CONVERSION_THREADS = 2


class VideoReader:
    """Reads upright BGR frames of one file. Not thread-safe.

    Ascending numbers are cheapest, because decoding continues from the current position.
    While an import runs, ``index`` may be replaced by a longer one of the same file.
    """

    def __init__(self, path: Path, index: FrameIndex) -> None:
        self.index = index
        self.position = -1
        """The number of the last frame decoded; -1 where it is not known."""
        self._path = path
        self._to_bgr = VideoReformatter()
        self._open()

    def read(self, frame_index: int) -> Image:
        """Returns one frame. Raises: NotFound beyond the end; Conflict if the file changed."""
        return self._image(self.decoded(frame_index))

    def read_many(self, frame_indices: Iterable[int]) -> Iterator[tuple[int, Image]]:
        """Yields ascending frames, decoding each stretch once. Raises: as ``read``."""
        for frame_index in frame_indices:
            yield frame_index, self.read(frame_index)

    def decoded(self, frame_index: int) -> VideoFrame:
        """Returns one frame as decoded, not turned upright. Raises: as ``read``."""
        if not 0 <= frame_index < len(self.index):
            raise NotFound(f"The video has no frame {frame_index}: it has {len(self.index)}.")
        frame = (
            (
                self._decoding_on_is_cheaper(frame_index)
                and self._decode_to(frame_index, skipping=True)
            )
            or self._by_seeking(frame_index)
            or self._from_the_beginning(frame_index)
        )
        if not frame:
            raise Conflict(
                f"Frame {frame_index} does not decode as it did when the video was imported. "
                "Its file has changed: upload the video again."
            )
        return frame

    def can_seek_to(self, frame_index: int) -> bool:
        """Whether seeking to one of the two key frames before a frame finds it."""
        return any(
            self._frame_from(start, frame_index) for start in self._seek_targets(frame_index)
        )

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
        self._video = open_video(self._path)
        self._reset_decoder()

    def _reset_decoder(self) -> None:
        self._packets = self._video.packets()
        self._decoded: deque[VideoFrame] = deque()
        self.position = -1

    def _decoding_on_is_cheaper(self, frame_index: int) -> bool:
        """Whether continuing to decode reaches a frame sooner than a seek."""
        if not 0 <= self.position < frame_index:
            return False
        nearest_key = next(iter(self._seek_targets(frame_index)), 0)
        return nearest_key <= self.position + _SEEK_COST_FRAMES

    def _seek_targets(self, frame_index: int) -> list[int]:
        """Returns the last two key frames up to a frame, nearest first."""
        keys = self.index.key_frames
        upto = int(keys.searchsorted(frame_index, side="right"))
        return [int(key) for key in keys[max(0, upto - 2) : upto][::-1]]

    def _by_seeking(self, frame_index: int) -> VideoFrame | None:
        starts = self._seek_targets(frame_index)
        for start in starts:
            frame = self._frame_from(start, frame_index, skipping=start == starts[0])
            if frame:
                return frame
        return None

    def _frame_from(
        self, start: int, frame_index: int, *, skipping: bool = True
    ) -> VideoFrame | None:
        """Seeks to key frame ``start`` for a frame; ``None`` if it is not found from there."""
        try:
            self._video.container.seek(int(self.index.pts[start]), stream=self._video.stream)
        except av.FFmpegError:
            return None
        self._reset_decoder()
        return self._decode_to(frame_index, skipping=skipping)

    def _from_the_beginning(self, frame_index: int) -> VideoFrame | None:
        self.close()
        self._open()
        return self._decode_to(frame_index, skipping=False)

    def _decode_to(self, frame_index: int, *, skipping: bool) -> VideoFrame | None:
        """Decodes on to a frame; ``None`` if it is not found with its checksum."""
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
        """Decode on; ``skipping`` drops frames before ``pts`` that no other frame refers to."""
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
