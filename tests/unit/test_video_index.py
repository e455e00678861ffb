"""The frame index on disk."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tpod_core.errors import Conflict
from tpod_core.video.index import FrameIndex, load_index
from tpod_core.video.orientation import Orientation


def index_of(count: int, *, complete: bool = True) -> FrameIndex:
    return FrameIndex(
        pts=np.arange(count) * 512 + 10,
        key=np.arange(count) % 24 == 0,
        luma_crc=(np.arange(count) * 2654435761 % 2**32).astype(np.uint32),
        time_base=Fraction(1, 15360),
        stored_wh=(640, 360),
        orientation=Orientation(quarter_turns=3, mirrored=True),
        complete=complete,
    )


@pytest.mark.parametrize("count", [0, 1, 100])
def test_index_read_is_the_index_written(tmp_path: Path, count: int) -> None:
    written = index_of(count, complete=count > 1)
    (tmp_path / "a.idx").write_bytes(written.to_bytes())
    read = FrameIndex.load(tmp_path / "a.idx")
    for name in ("pts", "key", "luma_crc"):
        assert getattr(read, name).tolist() == getattr(written, name).tolist()
    for name in ("time_base", "stored_wh", "orientation", "complete"):
        assert getattr(read, name) == getattr(written, name)


def test_index_takes_thirteen_bytes_a_frame() -> None:
    assert len(index_of(1000).to_bytes()) - len(index_of(0).to_bytes()) == 13_000


@pytest.mark.parametrize("place", [0, 20, 60, -1])
def test_damaged_index_is_refused(tmp_path: Path, place: int) -> None:
    content = bytearray(index_of(10).to_bytes())
    content[place] ^= 1
    (tmp_path / "a.idx").write_bytes(content)
    with pytest.raises(Conflict, match="damaged"):
        FrameIndex.load(tmp_path / "a.idx")


def test_times_give_rate_and_duration() -> None:
    index = index_of(60)
    assert index.fps == pytest.approx(30)
    assert index.duration_s == pytest.approx(2)
    assert (index_of(1).fps, index_of(0).duration_s) == (0, 0)


def test_turned_frame_is_as_high_as_it_was_wide() -> None:
    assert index_of(1).upright_wh == (360, 640)


def test_loaded_index_is_remembered_until_the_file_changes(tmp_path: Path) -> None:
    path = tmp_path / "a.idx"
    path.write_bytes(index_of(10, complete=False).to_bytes())
    first = load_index(path)
    assert load_index(path) is first
    longer = tmp_path / "part"
    longer.write_bytes(index_of(20).to_bytes())
    longer.replace(path)
    assert len(load_index(path)) == 20
