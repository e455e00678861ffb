"""Import: what becomes of good files, of damaged ones, and of an import that is stopped."""

from dataclasses import dataclass, field
from pathlib import Path

import av
import numpy as np
import pytest

from tests.frame_truth import crc_of_visible_luma
from tests.synthetic import make_lossless, make_video, number_in
from tpod_core.errors import JobCancelled, NotAVideo
from tpod_core.video import importing, normalize, scan
from tpod_core.video.importing import NOT_FOUND_AGAIN, rewrite, scan_and_check
from tpod_core.video.index import FrameIndex
from tpod_core.video.probe import probe
from tpod_core.video.reader import VideoReader

COUNT = 96


@dataclass
class Recorded:
    """Remembers what an import tells; ``stop_after`` checks it is cancelled."""

    stop_after: int = 10**9
    fractions: list[float] = field(default_factory=list)
    published: list[FrameIndex] = field(default_factory=list)

    def check(self) -> None:
        self.stop_after -= 1
        if self.stop_after < 0:
            raise JobCancelled("Cancelled.")

    def progress(self, fraction: float, message: str) -> None:
        self.fractions.append(fraction)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return make_video(tmp_path / "clip.mp4", COUNT, (160, 120))


@pytest.fixture
def damaged(clip: Path) -> Path:
    """A quarter of the way into the pictures, 300 bytes are gone."""
    content = bytearray(clip.read_bytes())
    start = content.index(b"mdat") + len(content) // 4
    content[start : start + 300] = bytes(300)
    clip.write_bytes(content)
    return clip


def bare_checksums(path: Path) -> list[int]:
    """As one thread decodes the file."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "NONE"
        stream.codec_context.thread_count = 1
        return [crc_of_visible_luma(frame) for frame in container.decode(stream)]


def test_good_file_is_indexed_without_a_fault(clip: Path) -> None:
    scanned = scan_and_check(clip, probe(clip), Recorded())
    assert scanned.faults == ()
    assert scanned.index.complete
    assert scanned.index.luma_crc.tolist() == bare_checksums(clip)
    assert scanned.index.key_frames.tolist() == [0, 24, 48, 72]


def test_first_frames_are_published_while_the_rest_is_read(
    clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan, "FIRST_PUBLICATION_S", 0.0)
    monkeypatch.setattr(scan, "PUBLICATION_PERIOD_S", 0.0)
    watch = Recorded()
    whole = scan_and_check(clip, probe(clip), watch, watch.published.append).index
    lengths = [len(index) for index in watch.published]
    assert lengths == sorted(lengths) and 0 < lengths[0] < COUNT
    first = watch.published[0]
    assert not first.complete
    assert first.luma_crc.tolist() == whole.luma_crc[: len(first)].tolist()


def test_progress_runs_up_to_the_whole(clip: Path) -> None:
    watch = Recorded()
    scan.scan(clip, probe(clip), watch)
    assert all(0 <= fraction <= 1 for fraction in watch.fractions)
    assert max(watch.fractions) > 0.5


def test_import_stops_when_it_is_told_to(clip: Path) -> None:
    with pytest.raises(JobCancelled):
        scan_and_check(clip, probe(clip), Recorded(stop_after=5))


def test_damaged_file_is_indexed_as_one_thread_decodes_it(damaged: Path) -> None:
    scanned = scan_and_check(damaged, probe(damaged), Recorded())
    assert scanned.faults == ("parts of the file are damaged",)
    assert scanned.index.luma_crc.tolist() == bare_checksums(damaged)


def test_rewritten_file_has_the_same_frames_bit_for_bit(damaged: Path, tmp_path: Path) -> None:
    scanned = scan_and_check(damaged, probe(damaged), Recorded())
    target = tmp_path / "rewritten.mp4"
    index = rewrite(damaged, target, scanned, Recorded())
    assert index.luma_crc.tolist() == scanned.index.luma_crc.tolist()
    assert np.diff(index.key_frames).max() <= normalize.KEY_EVERY
    with VideoReader(target, index) as reader:
        assert number_in(reader.read(90)) == 90


def test_long_damaged_file_is_rewritten_smaller_with_as_many_frames(
    damaged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scanned = scan_and_check(damaged, probe(damaged), Recorded())
    without_loss = tmp_path / "lossless.mp4"
    rewrite(damaged, without_loss, scanned, Recorded())
    monkeypatch.setattr(normalize, "MAX_LOSSLESS_BYTES", 0)
    target = tmp_path / "rewritten.mp4"
    assert len(rewrite(damaged, target, scanned, Recorded())) == len(scanned.index)
    assert target.stat().st_size < without_loss.stat().st_size


def test_file_whose_frames_are_not_found_again_is_to_be_rewritten(
    clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "frames_are_found", lambda *_: False)
    assert scan_and_check(clip, probe(clip), Recorded()).faults == (NOT_FOUND_AGAIN,)


def test_seek_check_notices_an_index_of_another_file(clip: Path, tmp_path: Path) -> None:
    other = make_video(tmp_path / "other.mp4", COUNT, (160, 120), options={"crf": "35"})
    index = scan.scan(other, probe(other), Recorded()).index
    assert importing.frames_are_found(other, index, Recorded())
    assert not importing.frames_are_found(clip, index, Recorded())


def test_raw_stream_without_times_is_to_be_rewritten(tmp_path: Path) -> None:
    path = make_video(tmp_path / "raw.h264", 30, (160, 120), options={"bf": "0"})
    scanned = scan_and_check(path, probe(path), Recorded())
    assert "its frames carry no time" in scanned.faults
    index = rewrite(path, tmp_path / "rewritten.mp4", scanned, Recorded())
    with VideoReader(tmp_path / "rewritten.mp4", index) as reader:
        assert [number_in(reader.read(n)) for n in (29, 0, 13)] == [29, 0, 13]


@pytest.mark.parametrize("wh", [(161, 120), (160, 121)], ids=["odd width", "odd height"])
def test_odd_sizes_are_rewritten_without_loss(tmp_path: Path, wh: tuple[int, int]) -> None:
    path = make_lossless(tmp_path / "odd.mkv", 5, wh)
    scanned = scan_and_check(path, probe(path), Recorded())
    index = rewrite(path, tmp_path / "rewritten.mp4", scanned, Recorded())
    assert index.luma_crc.tolist() == scanned.index.luma_crc.tolist()


def test_frames_too_large_to_be_rewritten_are_refused_in_a_sentence(tmp_path: Path) -> None:
    path = make_lossless(tmp_path / "wide.mkv", 1, (16_386, 16))
    scanned = scan_and_check(path, probe(path), Recorded())
    with pytest.raises(NotAVideo, match=r"16,386 × 16 pixels are too large"):
        rewrite(path, tmp_path / "rewritten.mp4", scanned, Recorded())


def test_file_that_cannot_be_rewritten_is_refused(
    damaged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scanned = scan_and_check(damaged, probe(damaged), Recorded())
    short = make_video(tmp_path / "short.mp4", COUNT - 1, (160, 120))
    monkeypatch.setattr(importing, "normalize", lambda *_: None)
    with pytest.raises(NotAVideo, match="Convert it"):
        rewrite(damaged, short, scanned, Recorded())
