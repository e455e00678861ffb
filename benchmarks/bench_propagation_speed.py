"""Frames a second of propagation at 720p on one core, beside the least that flow could cost.

The baseline, in the same run: decode the same frames to grey and follow 50 corners forward
and backward by pyramidal Lucas-Kanade at full size.
"""

import sys
import time
from collections.abc import Iterator
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks._tracks import Object, objects_of
from benchmarks._videos import required_data
from tests.unwatched import Unwatched
from tpod_core.tracking.segment_tracking import track_segments
from tpod_core.tracking.segments import Segment
from tpod_core.video.grey import GreyReader
from tpod_core.video.importing import scan_and_check
from tpod_core.video.probe import probe
from tpod_core.video.reader import VideoReader

FRAMES = 301
AT_ONCE_FRAMES = 101
TRACKS = 5
FPS_LIMIT = 60
AT_ONCE_LIMIT_S = 2.0


class Counted:
    """Grey frames, and how many of them were decoded."""

    def __init__(self, reader: VideoReader) -> None:
        self._reader = GreyReader(reader)
        self.decoded = 0

    @property
    def frame_wh(self) -> tuple[int, int]:
        return self._reader.frame_wh

    def read(self, start: int, stop: int) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        for item in self._reader.read(start, stop):
            self.decoded += 1
            yield item


def bare_s(reader: VideoReader) -> float:
    started = time.process_time()
    images = [image for _, image in GreyReader(reader).read(0, FRAMES)]
    for way in (images, images[::-1]):
        for before, after in pairwise(way):
            corners = cv2.goodFeaturesToTrack(before[100:600, 300:600], 50, 0.01, 5)
            cv2.calcOpticalFlowPyrLK(before, after, corners + np.float32([300, 100]), None)
    return time.process_time() - started


def ours_s(reader: VideoReader, segments: list[Segment]) -> tuple[float, int]:
    frames = Counted(reader)
    started = time.process_time()
    assert len(list(track_segments(frames, segments, Unwatched()))) == len(segments)
    return time.process_time() - started, frames.decoded


def segment(bike: Object, length: int) -> Segment:
    return Segment(bike.anchor(0), bike.anchor(length - 1), length - 1)


def main() -> int:
    cv2.setNumThreads(1)
    folder = required_data() / "dev" / "video_gt" / "Bike"
    path = folder / "Bike.mp4"
    index = scan_and_check(path, probe(path), Unwatched()).index
    bike = next(objects_of(folder, index.upright_wh))
    with VideoReader(path, index) as reader:
        bare = bare_s(reader)
        one, decoded = ours_s(reader, [segment(bike, FRAMES)])
        # Equal segments stand for different tracks: nothing is shared but the frames.
        many, decoded_many = ours_s(reader, [segment(bike, FRAMES)] * TRACKS)
        at_once, _ = ours_s(reader, [segment(bike, AT_ONCE_FRAMES)])
    fps = FRAMES / one
    print(f"bare: decode, flow there and back     {FRAMES / bare:7.1f} frames/s of one core")
    print(f"one track, both directions            {fps:7.1f} frames/s   = {bare / one:.2f} × bare")
    each = (many - one) / (TRACKS - 1)
    print(f"each further track                    {FRAMES / each:7.1f} frames/s")
    print(f"decoded for 1 and for {TRACKS} tracks: {decoded} and {decoded_many} of {FRAMES} frames")
    print(f"100 frames of one track               {at_once:7.2f} s   (limit {AT_ONCE_LIMIT_S} s)")
    print(f"limit {FPS_LIMIT} frames/s")
    kept = fps >= FPS_LIMIT and at_once <= AT_ONCE_LIMIT_S and decoded_many == decoded
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
