"""Decodes a video once, to index its frames and find its faults."""

import os
import time
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from av import Packet
from av.video.frame import VideoFrame

from tpod_core.errors import NotAVideo
from tpod_core.video.decoding import OpenVideo, luma_crc
from tpod_core.video.index import FrameIndex
from tpod_core.video.probe import NO_FRAME, VideoProbe, open_video

FIRST_PUBLICATION_S = 0.3
PUBLICATION_PERIOD_S = 2.0
MAX_THREADS = 4


class ProgressMonitor(Protocol):
    """Receives the progress of long work on a video, and can stop it."""

    def check(self) -> None:
        """Called repeatedly; raises to stop the work."""

    def progress(self, fraction: float, message: str) -> None:
        """Reports the progress of the current step, 0 to 1."""


Publish = Callable[[FrameIndex], None]
"""Receives the index of the frames scanned so far, which can be shown from then on."""


@dataclass(frozen=True)
class Scan:
    """A file's index; ``faults`` say why seeking in the file is not reliable.

    ``has_times`` is whether every frame carries a time, later than the one before.
    """

    index: FrameIndex
    faults: tuple[str, ...]
    has_times: bool


def scan(
    path: Path,
    probed: VideoProbe,
    monitor: ProgressMonitor,
    publish: Publish | None = None,
    *,
    threads: int | None = None,
) -> Scan:
    """Decode all of ``path`` once, in order.

    ``publish`` is called soon after the start and every two seconds, while no fault is found.

    By default several threads decode H.264: FFmpeg marks the damage that makes their result
    differ from one thread's, and the file is then decoded again by one. No other decoder marks
    damage reliably enough.

    Raises: NotAVideo if no frame decodes; anything ``monitor.check`` raises.
    """
    if threads is None:
        threads = min(os.cpu_count() or 1, MAX_THREADS) if probed.codec == "h264" else 1
    size_bytes = path.stat().st_size
    publication = time.monotonic() + FIRST_PUBLICATION_S
    with open_video(path, threads) as video:
        one_pass = _Pass(video, probed)
        for packet in one_pass.packets():
            if threads > 1 and one_pass.is_damaged:
                return scan(path, probed, monitor, publish, threads=1)
            monitor.check()
            monitor.progress((packet.pos or 0) / size_bytes, f"{one_pass.count} frames so far")
            if publish and time.monotonic() >= publication and one_pass.is_sound:
                publish(one_pass.index(complete=False))
                publication = time.monotonic() + PUBLICATION_PERIOD_S
        return one_pass.result()


class _Pass:
    """Collects the properties of the frames as they are decoded."""

    def __init__(self, video: OpenVideo, probed: VideoProbe) -> None:
        self._video = video
        self._probed = probed
        self._pts = array("q")
        self._key = array("B")
        self._luma_crc = array("I")
        self._corrupt = self._without_pts = self._out_of_order = self._resized = False

    def packets(self) -> Iterator[Packet]:
        """Yields each packet after adding its frames."""
        for packet in self._video.packets():
            for frame in self._video.decode(packet):
                self._add(frame)
            yield packet

    @property
    def count(self) -> int:
        return len(self._pts)

    @property
    def is_damaged(self) -> bool:
        return self._video.damaged or self._corrupt

    @property
    def is_sound(self) -> bool:
        """Whether there are frames, and no faults so far."""
        return bool(self._pts) and not self._faults()

    def result(self) -> Scan:
        if not self._pts:
            raise NotAVideo(NO_FRAME)
        has_times = not (self._without_pts or self._out_of_order)
        return Scan(self.index(complete=True), self._faults(), has_times)

    def _add(self, frame: VideoFrame) -> None:
        self._without_pts |= frame.pts is None
        pts = frame.pts if frame.pts is not None else len(self._pts)
        self._out_of_order |= bool(self._pts) and pts <= self._pts[-1]
        self._resized |= (frame.width, frame.height) != self._probed.stored_wh
        self._corrupt |= frame.is_corrupt
        self._pts.append(pts)
        self._key.append(frame.key_frame)
        self._luma_crc.append(luma_crc(frame))

    def index(self, *, complete: bool) -> FrameIndex:
        return FrameIndex(
            pts=np.array(self._pts, np.int64),
            key=np.array(self._key, np.bool_),
            luma_crc=np.array(self._luma_crc, np.uint32),
            time_base=self._probed.time_base,
            stored_wh=self._probed.stored_wh,
            orientation=self._probed.orientation,
            complete=complete,
        )

    def _faults(self) -> tuple[str, ...]:
        found = {
            "parts of the file are damaged": self.is_damaged,
            "its frames carry no time": self._without_pts,
            "the times of its frames do not always increase": self._out_of_order,
            "the size of the picture changes": self._resized,
            "it does not start with a complete picture": not self._key[0],
        }
        return tuple(fault for fault, is_so in found.items() if is_so)
