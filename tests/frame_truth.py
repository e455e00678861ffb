"""Real videos, the checksum of every frame of them, and whether a reader agrees."""

import csv
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

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


def true_videos(data: Path) -> Iterator[TrueVideo]:
    """Every video below ``data``."""
    odd, dev = data / "odd_videos", data / "dev"
    for path in sorted([*odd.glob("*.*"), *dev.glob("video_gt/*/*.mp4")]):
        truth = (odd if path.parent == odd else dev) / "frame_truth" / f"{path.name}.csv"
        yield TrueVideo(path, _checksums(truth) if truth.exists() else None)


def _checksums(truth: Path) -> list[int]:
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


class Unwatched:
    """An import that nobody follows."""

    def check(self) -> None:
        return

    def progress(self, fraction: float, message: str) -> None:
        return


def judge(video: TrueVideo, workplace: Path, jumps: int, stretch: int | None = None) -> Verdict:
    """Import a file and fetch its frames forwards, backwards and in random order.

    Args:
        workplace: where a rewritten file may lie.
        jumps: how many frames are fetched in random order.
        stretch: how many are fetched forwards, and at most eight times fewer backwards;
            all of them if not given.
    """
    try:
        media, index = _imported(video.path, workplace)
    except NotAVideo:
        return Verdict(Way.REJECTED, mismatches=int(video.luma_crc is not None))
    way = Way.NATIVE if media == video.path else Way.NORMALISED
    if video.luma_crc is None or len(video.luma_crc) != len(index):
        return Verdict(way, mismatches=1)
    order = _order(len(index), jumps, stretch)
    with VideoReader(media, index) as reader:
        wrong = sum(reader.luma_crc(number) != video.luma_crc[number] for number in order)
    return Verdict(way, len(order), wrong)


def _imported(source: Path, workplace: Path) -> tuple[Path, FrameIndex]:
    scanned = scan_and_check(source, probe(source), Unwatched())
    if not scanned.faults:
        return source, scanned.index
    target = workplace / f"{source.stem}.mp4"
    return target, rewrite(source, target, scanned, Unwatched())


def _order(count: int, jumps: int, stretch: int | None) -> list[int]:
    forwards = range(count) if stretch is None else range(min(count, stretch))
    backwards = range(count)[::-1] if stretch is None else range(count)[: -stretch // 8 : -1]
    chance = random.Random(count)
    return [*forwards, *backwards, *(chance.randrange(count) for _ in range(jumps))]
