"""Real videos, the checksum of every frame of them, and whether a reader agrees."""

import csv
import os
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from av.video.frame import VideoFrame

from tests.unwatched import Unwatched
from tpod_core.errors import NotAVideo
from tpod_core.video.importing import rewrite, scan_and_check
from tpod_core.video.index import FrameIndex
from tpod_core.video.probe import probe
from tpod_core.video.reader import VideoReader

REPO = Path(__file__).resolve().parents[1]


def shared_data() -> Path:
    """Where the real data is, if it is there."""
    return Path(os.environ.get("TPOD_SHARED_DATA", REPO.parent / "shared" / "data"))


@dataclass(frozen=True)
class TrueVideo:
    """A file, and the CRC-32 of every frame's luma; ``None`` for what is no video."""

    path: Path
    luma_crc: list[int] | None


def true_videos(data: Path) -> list[TrueVideo]:
    """Every video below ``data``."""
    odd, dev = data / "odd_videos", data / "dev"
    paths = {path: odd / "frame_truth" / f"{path.name}.csv" for path in odd.glob("*.*")}
    paths |= {
        path: dev / "frame_truth" / f"{path.name}.csv" for path in dev.glob("video_gt/*/*.mp4")
    }
    return [TrueVideo(path, _checksums(truth)) for path, truth in sorted(paths.items())]


def _checksums(truth: Path) -> list[int] | None:
    if not truth.exists():
        return None
    with truth.open() as file:
        return [int(row["luma_crc32"], 16) for row in csv.DictReader(file)]


class Way(StrEnum):
    """What an import made of a file."""

    NATIVE = "native"
    NORMALISED = "normalised"
    REJECTED = "rejected"


@dataclass(frozen=True)
class Verdict:
    """``mismatches`` of ``fetched`` frames, and of the frame count."""

    way: Way
    fetched: int = 0
    mismatches: int = 0


Order = Callable[[int], list[int]]
"""Which frames to fetch, one after the other, of a video with so many."""


def judge(video: TrueVideo, workplace: Path, order: Order) -> Verdict:
    """Import a file, rewriting it into ``workplace`` if need be, and fetch frames of it."""
    try:
        media, index = _imported(video.path, workplace)
    except NotAVideo:
        return Verdict(Way.REJECTED, mismatches=int(video.luma_crc is not None))
    way = Way.NATIVE if media == video.path else Way.NORMALISED
    if video.luma_crc is None or len(video.luma_crc) != len(index):
        return Verdict(way, mismatches=1)
    numbers = order(len(index))
    with VideoReader(media, index) as reader:
        wrong = sum(
            crc_of_visible_luma(reader.decoded(number)) != video.luma_crc[number]
            for number in numbers
        )
    return Verdict(way, len(numbers), wrong)


def crc_of_visible_luma(frame: VideoFrame) -> int:
    """As the real data's README defines it, written row by row for the sake of a second pen."""
    plane, crc = frame.planes[0], 0
    samples = 3 if frame.format.name == "rgb24" else 1
    row_bytes = frame.width * samples * (2 if frame.format.components[0].bits > 8 else 1)
    content = bytes(plane)
    for row in range(frame.height):
        start = row * plane.line_size
        crc = zlib.crc32(content[start : start + row_bytes], crc)
    return crc


def _imported(source: Path, workplace: Path) -> tuple[Path, FrameIndex]:
    scanned = scan_and_check(source, probe(source), Unwatched())
    if not scanned.faults:
        return source, scanned.index
    target = workplace / f"{source.stem}.mp4"
    return target, rewrite(source, target, scanned, Unwatched())
