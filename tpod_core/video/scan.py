"""One pass over a video: its frame index, and what is wrong with it."""

import os
import time
from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from av.video.frame import VideoFrame

from tpod_core.errors import NotAVideo
from tpod_core.video.decoding import OpenVideo, luma_crc
from tpod_core.video.index import FrameIndex
from tpod_core.video.probe import VideoProbe, open_or_refuse

FIRST_PUBLICATION_S = 0.3
PUBLICATION_PERIOD_S = 2.0
MAX_THREADS = 4


class Watch(Protocol):
    """Who follows an import."""

    def check(self) -> None:
        """Called for every frame; raises to stop the import."""

    def progress(self, fraction: float, message: str) -> None:
        """How far the present step is, 0 to 1."""

    def publish(self, index: FrameIndex) -> None:
        """The frames so far: they can be shown from now on."""


@dataclass(frozen=True)
class Scan:
    """``faults`` tell why frames cannot be relied on to be found again in this file."""

    index: FrameIndex
    faults: tuple[str, ...]


def scan(path: Path, described: VideoProbe, watch: Watch, *, threads: int | None = None) -> Scan:
    """Decode all of ``path`` once, in order.

    H.264 is decoded by several threads where nothing else is asked: FFmpeg marks the damage
    that makes them differ from one thread, and then the file is decoded again by one. No
    other decoder marks damage well enough for that.

    Raises: NotAVideo if no frame decodes; what ``watch.check`` raises.
    """
    if threads is None:
        threads = min(os.cpu_count() or 1, MAX_THREADS) if described.codec == "h264" else 1
    with open_or_refuse(path, threads) as video:
        one_pass = _Pass(video, described, watch)
        trusted = one_pass.run(path.stat().st_size, stop_if_damaged=threads > 1)
    return one_pass.result() if trusted else scan(path, described, watch, threads=1)


class _Pass:
    """The frames of one pass, as they come."""

    def __init__(self, video: OpenVideo, described: VideoProbe, watch: Watch) -> None:
        self._video = video
        self._described = described
        self._watch = watch
        self._pts = array("q")
        self._key = array("B")
        self._luma_crc = array("I")
        self._corrupt = self._without_pts = self._out_of_order = self._resized = False

    def run(self, size_bytes: int, *, stop_if_damaged: bool) -> bool:
        """Decode to the end. False: damage was met, and with it the pass has ended."""
        publication = time.monotonic() + FIRST_PUBLICATION_S
        for packet in self._video.packets():
            for frame in self._video.decode(packet):
                self._add(frame)
            if stop_if_damaged and self._is_damaged:
                return False
            self._watch.check()
            if packet.pos:
                message = f"{len(self._pts)} frames so far"
                self._watch.progress(packet.pos / size_bytes, message)
            if time.monotonic() >= publication and self._pts and not self._faults():
                self._watch.publish(self._index(complete=False))
                publication = time.monotonic() + PUBLICATION_PERIOD_S
        return True

    def result(self) -> Scan:
        if not self._pts:
            raise NotAVideo("No frame of this video can be decoded. Upload another copy of it.")
        return Scan(self._index(complete=True), self._faults())

    @property
    def _is_damaged(self) -> bool:
        return self._video.damaged or self._corrupt

    def _add(self, frame: VideoFrame) -> None:
        self._without_pts |= frame.pts is None
        pts = frame.pts if frame.pts is not None else len(self._pts)
        self._out_of_order |= bool(self._pts) and pts <= self._pts[-1]
        self._resized |= (frame.width, frame.height) != self._described.stored_wh
        self._corrupt |= frame.is_corrupt
        self._pts.append(pts)
        self._key.append(frame.key_frame)
        self._luma_crc.append(luma_crc(frame))

    def _index(self, *, complete: bool) -> FrameIndex:
        return FrameIndex(
            pts=np.array(self._pts, np.int64),
            key=np.array(self._key, np.bool_),
            luma_crc=np.array(self._luma_crc, np.uint32),
            time_base=self._described.time_base,
            stored_wh=self._described.stored_wh,
            orientation=self._described.orientation,
            complete=complete,
        )

    def _faults(self) -> tuple[str, ...]:
        found = {
            "parts of the file are damaged": self._is_damaged,
            "its frames carry no time": self._without_pts,
            "the times of its frames do not always increase": self._out_of_order,
            "the size of the picture changes": self._resized,
            "it does not start with a complete picture": not self._key[0],
        }
        return tuple(fault for fault, is_so in found.items() if is_so)
