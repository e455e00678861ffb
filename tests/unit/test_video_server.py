"""Frames for many people at once: exact, ahead of time, and within bounds."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.synthetic import make_video, number_in
from tests.unwatched import Unwatched
from tpod_core.errors import Conflict, NotFound
from tpod_core.video import frame_worker, server
from tpod_core.video.cache import ByteBoundedCache
from tpod_core.video.encode import DEFAULT_QUALITY, encode_jpeg, scaled_down
from tpod_core.video.frame_worker import READ_AHEAD, FrameRequest
from tpod_core.video.probe import probe
from tpod_core.video.reader import VideoReader
from tpod_core.video.scan import scan
from tpod_core.video.server import FrameServer
from tpod_core.video.source import FrameSource

COUNT = 80
DEADLINE_S = 20


def indexed(path: Path) -> FrameSource:
    source = FrameSource(path, path.with_name(f"{path.name}.idx"))
    index = scan(path, probe(path), Unwatched()).index
    source.index_path.write_bytes(index.to_bytes())
    return source


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> FrameSource:
    return indexed(make_video(tmp_path_factory.mktemp("video") / "a.mp4", COUNT, (160, 120)))


@pytest.fixture
def frames() -> Iterator[FrameServer]:
    made = FrameServer(jpeg_bytes=4_000_000)
    yield made
    made.close()


def shown(jpeg: bytes) -> int:
    return number_in(decoded(jpeg))


def decoded(jpeg: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)


def eventually(is_so: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + DEADLINE_S
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def ready(frames: FrameServer, source: FrameSource) -> set[int]:
    """Numbers of the frames that are in the cache at their own size."""
    any_frame, index = FrameRequest(0, 0, None, DEFAULT_QUALITY), source.index()
    wanted = [any_frame.at(number, index) for number in range(COUNT)]
    return {each.frame_index for each in wanted if frames._caches.jpegs.find((source, each))}


def readers(directory: Path) -> list[threading.Thread]:
    """The threads that hold files of ``directory`` open."""
    return [thread for thread in threading.enumerate() if str(directory) in thread.name]


def test_frame_served_is_the_frame_encoded(frames: FrameServer, source: FrameSource) -> None:
    with VideoReader(source.path, source.index()) as reader:
        assert frames.jpeg(source, 33) == encode_jpeg(reader.read(33), DEFAULT_QUALITY)


def test_many_threads_get_each_their_own_frame(frames: FrameServer, source: FrameSource) -> None:
    numbers = [(n * 37) % COUNT for n in range(COUNT)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda n: shown(frames.jpeg(source, n)), numbers)) == numbers


@pytest.mark.parametrize(
    ("visited", "ahead"),
    [
        pytest.param([10, 11, 12], range(13, 13 + READ_AHEAD), id="forwards"),
        pytest.param([10, 15, 20], range(25, 25 + 5 * READ_AHEAD, 5), id="in strides"),
        pytest.param([60, 59, 58], range(58 - READ_AHEAD, 58), id="backwards"),
        pytest.param([77, 78], [], id="two frames are no habit"),
        pytest.param([75, 76, 77], range(78, COUNT), id="to the end"),
    ],
)
def test_two_equal_steps_make_the_next_frames_ready(
    frames: FrameServer, source: FrameSource, visited: list[int], ahead: range
) -> None:
    for number in visited:
        frames.jpeg(source, number)
    expected = set(visited) | set(ahead)
    assert eventually(lambda: ready(frames, source) >= expected)
    assert ready(frames, source) == expected


def test_stepping_on_keeps_frames_ready(frames: FrameServer, source: FrameSource) -> None:
    for number in range(40):
        frames.jpeg(source, number)
    assert eventually(lambda: ready(frames, source) >= set(range(40 + READ_AHEAD // 2)))


def test_width_scales_down_and_never_up(frames: FrameServer, source: FrameSource) -> None:
    assert decoded(frames.jpeg(source, 5, width=80)).shape == (60, 80, 3)
    assert shown(frames.jpeg(source, 5, width=80)) == 5
    assert frames.jpeg(source, 5, width=4000) == frames.jpeg(source, 5)


def test_quality_changes_the_size(frames: FrameServer, source: FrameSource) -> None:
    assert len(frames.jpeg(source, 5, quality=30)) < len(frames.jpeg(source, 5, quality=95))


@pytest.mark.parametrize("number", [-1, COUNT])
def test_frame_beyond_the_ends_is_not_found(
    frames: FrameServer, source: FrameSource, number: int
) -> None:
    with pytest.raises(NotFound, match=f"it has {COUNT}"):
        frames.jpeg(source, number)


def test_video_without_frames_is_a_conflict(frames: FrameServer, tmp_path: Path) -> None:
    with pytest.raises(Conflict, match="not there yet"):
        frames.jpeg(FrameSource(tmp_path / "a.mp4", tmp_path / "a.mp4.idx"), 0)


def test_frames_that_an_import_adds_are_served_at_once(frames: FrameServer, tmp_path: Path) -> None:
    growing = indexed(make_video(tmp_path / "a.mp4", 40, (160, 120)))
    whole = growing.index()
    arrays = {name: getattr(whole, name)[:10] for name in ("pts", "key", "luma_crc")}
    first = replace(whole, complete=False, **arrays)
    replace_file(growing.index_path, first.to_bytes())
    assert shown(frames.jpeg(growing, 9)) == 9
    with pytest.raises(NotFound):
        frames.jpeg(growing, 10)
    replace_file(growing.index_path, whole.to_bytes())
    assert shown(frames.jpeg(growing, 39)) == 39


def test_another_file_in_the_same_place_shows_its_own_frames(
    frames: FrameServer, tmp_path: Path
) -> None:
    first = indexed(make_video(tmp_path / "a.mp4", 20, (160, 120)))
    frames.jpeg(first, 3)
    second = indexed(make_video(tmp_path / "b.mp4", 20, (160, 120), options={"crf": "45"}))
    expected = frames.jpeg(second, 3)
    second.path.replace(first.path)
    second.index_path.replace(first.index_path)
    assert frames.jpeg(first, 3) == expected


def replace_file(path: Path, content: bytes) -> None:
    part = path.with_name("part")
    part.write_bytes(content)
    part.replace(path)


def test_four_files_are_open_at_most(frames: FrameServer, tmp_path: Path) -> None:
    for name in "abcdef":
        frames.jpeg(indexed(make_video(tmp_path / f"{name}.mp4", 5, (160, 120))), 0)
    assert eventually(lambda: len(readers(tmp_path)) <= server.MAX_WORKERS)


def test_idle_file_is_closed_and_opened_again_when_asked_for(
    frames: FrameServer, source: FrameSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frame_worker, "IDLE_TIMEOUT_S", 0.05)
    frames.jpeg(source, 0)
    assert eventually(lambda: not readers(source.path.parent))
    assert shown(frames.jpeg(source, 70)) == 70


def test_closed_server_leaves_no_thread(source: FrameSource) -> None:
    closing = FrameServer(jpeg_bytes=1_000_000)
    closing.jpeg(source, 3)
    closing.close()
    assert eventually(lambda: not readers(source.path.parent))


@pytest.mark.parametrize("raw_bytes", [0, 200_000], ids=["none", "three frames"])
def test_memory_stays_within_its_bounds(source: FrameSource, raw_bytes: int) -> None:
    tight = FrameServer(jpeg_bytes=30_000, raw_bytes=raw_bytes)
    for number in [*range(40), *range(39, 0, -1)]:
        assert shown(tight.jpeg(source, number)) == number
        assert tight._caches.jpegs.size_bytes <= 30_000
        assert tight._caches.raw.size_bytes <= raw_bytes
    tight.close()


def test_fault_reaches_the_one_who_asked(frames: FrameServer, tmp_path: Path) -> None:
    broken = indexed(make_video(tmp_path / "a.mp4", 10, (160, 120)))
    other = make_video(tmp_path / "b.mp4", 10, (160, 120), options={"crf": "40"})
    other.replace(broken.path)
    with pytest.raises(Conflict, match="Its file has changed"):
        frames.jpeg(broken, 5)


# The cache


def test_cache_forgets_what_was_used_longest_ago() -> None:
    cache: ByteBoundedCache[str, bytes] = ByteBoundedCache(30, len)
    for key in "abc":
        cache.put(key, bytes(10))
    assert cache.find("a") == bytes(10)
    cache.put("d", bytes(10))
    assert [key for key in "abcd" if cache.find(key)] == ["a", "c", "d"]


def test_cache_counts_a_replaced_value_once_and_takes_nothing_too_large() -> None:
    cache: ByteBoundedCache[str, bytes] = ByteBoundedCache(30, len)
    cache.put("a", bytes(20))
    cache.put("a", bytes(25))
    cache.put("b", bytes(31))
    assert (cache.find("a"), cache.find("b"), cache.size_bytes) == (bytes(25), None, 25)


# The encoder


def test_scaled_down_keeps_the_shape() -> None:
    image = np.zeros((1080, 1920, 3), np.uint8)
    assert scaled_down(image, 640).shape == (360, 640, 3)
    assert scaled_down(image, None) is image
    assert scaled_down(image, 2000) is image
