"""Exact frames by number, in whatever order they are asked for."""

import shutil
from pathlib import Path

import pytest

from tests.synthetic import make_video, number_in
from tests.unwatched import Unwatched
from tpod_core.errors import Conflict, NotAVideo, NotFound
from tpod_core.video.index import FrameIndex
from tpod_core.video.probe import probe
from tpod_core.video.reader import VideoReader
from tpod_core.video.scan import scan

COUNT = 100
KINDS = {
    "short GOPs": ("mp4", {"g": "12"}),
    "one key frame": ("mp4", {"g": "1000", "bf": "3", "b-pyramid": "normal"}),
    "open GOPs": ("mkv", {"g": "20", "x264-params": "open-gop=1"}),
    "only key frames": ("mov", {"g": "1"}),
    "AVI": ("avi", {"bf": "0"}),
}


def index_of(path: Path) -> FrameIndex:
    return scan(path, probe(path), Unwatched()).index


@pytest.fixture(scope="module", params=KINDS.values(), ids=KINDS.keys())
def video(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    suffix, options = request.param
    path = tmp_path_factory.mktemp("video") / f"numbers.{suffix}"
    return make_video(path, COUNT, (160, 120), options=options)


def test_every_frame_forwards_shows_its_number(video: Path) -> None:
    with VideoReader(video, index_of(video)) as reader:
        assert [number_in(reader.read(n)) for n in range(COUNT)] == list(range(COUNT))


def test_every_frame_backwards_shows_its_number(video: Path) -> None:
    with VideoReader(video, index_of(video)) as reader:
        backwards = list(reversed(range(COUNT)))
        assert [number_in(reader.read(n)) for n in backwards] == backwards


def test_jumps_show_their_number(video: Path) -> None:
    jumps = [57, 3, 99, 98, 0, 50, 51, 49, 24, 23, 25, 99, 12, 57, 57]
    with VideoReader(video, index_of(video)) as reader:
        assert [number_in(reader.read(n)) for n in jumps] == jumps


def test_read_many_gives_what_single_reads_give(video: Path) -> None:
    wanted = [0, 1, 5, 6, 40, 41, 77, 99]
    with VideoReader(video, index_of(video)) as reader:
        many = [(n, number_in(image)) for n, image in reader.read_many(wanted)]
    assert many == [(n, n) for n in wanted]


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return make_video(tmp_path / "clip.mp4", COUNT, (160, 120))


def test_read_many_decodes_nothing_twice(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with VideoReader(clip, index_of(clip)) as reader:
        packets = count_packets(reader, monkeypatch)
        assert sum(1 for _ in reader.read_many(range(COUNT))) == COUNT
        assert len(packets) <= COUNT + 1


def test_read_many_of_far_frames_seeks_over_what_lies_between(
    clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with VideoReader(clip, index_of(clip)) as reader:
        packets = count_packets(reader, monkeypatch)
        assert [n for n, _ in reader.read_many([0, 48, 96])] == [0, 48, 96]
        assert len(packets) < 30, "it decoded its way through the gaps"


def count_packets(reader: VideoReader, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """A list that grows with each packet that ``reader`` decodes."""
    packets: list[object] = []
    decode = reader._video.decode
    monkeypatch.setattr(
        reader._video, "decode", lambda packet: packets.append(packet) or decode(packet)
    )
    return packets


@pytest.mark.parametrize("frame", [-1, COUNT, 10**9])
def test_frame_beyond_the_ends_is_not_found(clip: Path, frame: int) -> None:
    with VideoReader(clip, index_of(clip)) as reader, pytest.raises(NotFound, match="it has 100"):
        reader.read(frame)


def test_frame_of_a_changed_file_is_refused_rather_than_shown(clip: Path, tmp_path: Path) -> None:
    other = make_video(tmp_path / "other.mp4", COUNT, (160, 120), options={"crf": "40"})
    index = index_of(clip)
    shutil.copy(other, clip)
    with VideoReader(clip, index) as reader, pytest.raises(Conflict, match="upload the video"):
        reader.read(30)


def test_file_that_is_no_video_any_more_is_refused(clip: Path) -> None:
    index = index_of(clip)
    clip.write_bytes(b"gone")
    with pytest.raises(NotAVideo):
        VideoReader(clip, index)
