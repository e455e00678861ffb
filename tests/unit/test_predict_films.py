"""What ``predict.py`` reads of real films: the frames that TPOD reads, and nothing else."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests import frame_truth
from tests.unwatched import Unwatched
from tpod_core.errors import NotAVideo
from tpod_core.inference import predict
from tpod_core.inference.trained_model import TrainedModel
from tpod_core.video.decoding import luma_crc
from tpod_core.video.importing import rewrite, scan_and_check
from tpod_core.video.index import FrameIndex
from tpod_core.video.orientation import Image
from tpod_core.video.probe import probe
from tpod_core.video.reader import VideoReader

pytestmark = pytest.mark.slow

COMPARED = 5
REWRITTEN = {
    "ax_iibbibb_editlist_videoonly.mp4",
    "ax_sample_edit_list_no_sync_frame_before_edit.mp4",
    "h264_corrupt_middle.mp4",
    "h264_opengop.ts",
}
"""Which TPOD does not serve as they are."""
NO_VIDEOS = {"empty.mp4", "h264_truncated_nomoov.mp4"}
FILM_SUFFIXES = {".mp4", ".mov", ".mkv", ".webm", ".avi", ".ts", ".gif"}


def films() -> list[Path]:
    """Every film among the real data."""
    found = frame_truth.shared_data().rglob("*")
    return sorted(path for path in found if path.suffix in FILM_SUFFIXES)


@dataclass(frozen=True)
class Read:
    """What ``predict.py`` read of a film: every checksum, and ``COMPARED`` images by number."""

    luma_crc: list[int]
    images: dict[int, Image]
    is_damaged: bool


class Watched(predict.Video):
    """Notes the checksum of every frame before it is converted."""

    def __init__(self, source: Path) -> None:
        super().__init__(source)
        self.luma_crc: list[int] = []

    def decoded(self) -> Iterator[Any]:
        for frame in super().decoded():
            self.luma_crc.append(luma_crc(frame))
            yield frame


def read_film(path: Path, numbers: set[int]) -> Read:
    film = Watched(path)
    images = {number: image for number, image in enumerate(film) if number in numbers}
    return Read(film.luma_crc, images, film.is_damaged)


def index_of(path: Path, workplace: Path) -> tuple[Path, FrameIndex]:
    """The file that TPOD serves and its index, which for most of them is written down."""
    truth = next(frame_truth.shared_data().rglob(f"frame_truth/{path.name}.csv"), None)
    if truth and path.name not in REWRITTEN:
        return path, _index_in(truth, path)
    scanned = scan_and_check(path, probe(path), Unwatched())
    if not scanned.faults:
        return path, scanned.index
    target = workplace / f"{path.stem}.mp4"
    return target, rewrite(path, target, scanned, Unwatched())


def _index_in(truth: Path, path: Path) -> FrameIndex:
    with truth.open() as file:
        rows = list(csv.DictReader(file))
    described = probe(path)
    return FrameIndex(
        pts=np.array([int(row["pts"]) for row in rows], np.int64),
        key=np.array([row["key"] == "1" for row in rows]),
        luma_crc=np.array([int(row["luma_crc32"], 16) for row in rows], np.uint32),
        time_base=described.time_base,
        stored_wh=described.stored_wh,
        orientation=described.orientation,
        complete=True,
    )


@pytest.fixture(scope="module")
def general_detector(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a real detector, as TPOD publishes it and as it lies in the zip."""
    directory = tmp_path_factory.mktemp("general")
    weights = shared_data / "weights"
    (directory / "model.onnx").symlink_to(weights / "nanodet-g-coco-416.onnx")
    (directory / "labels.txt").symlink_to(weights / "names.txt")
    (directory / "detector.json").write_text('{"name": "Coco", "recommended_confidence": 0.35}')
    return directory


def far_off(found: predict.Found, others: list[predict.Found]) -> bool:
    """Whether none of ``others`` is the same object within half a pixel."""
    return not any(
        found["class_id"] == other["class_id"]
        and np.abs(np.subtract(found["box"], other["box"])).max() <= 0.5
        for other in others
    )


@pytest.mark.parametrize("path", films(), ids=lambda path: path.name.replace(".", "_"))
def test_film_is_read_as_tpod_reads_it(
    home: Path, path: Path, tmp_path: Path, general_detector: Path
) -> None:
    """The same frames in the same order, and on five of them the same boxes."""
    if path.name in NO_VIDEOS:
        with pytest.raises(NotAVideo):
            probe(path)
        with pytest.raises(predict.PredictError):
            predict.open_source(path)
        return
    assert isinstance(predict.open_source(path), predict.Video)
    served, index = index_of(path, tmp_path)
    numbers = {int(number) for number in np.linspace(0, len(index) - 1, COMPARED)}
    read = read_film(path, numbers)
    if path.name not in REWRITTEN:
        assert served == path
        assert read.luma_crc == index.luma_crc.tolist()
    assert len(read.luma_crc) == len(index)
    assert read.is_damaged is (path.name == "h264_corrupt_middle.mp4")
    program, product = predict.Detector(general_detector), TrainedModel(general_detector)
    with VideoReader(served, index) as reader:
        for number, image in reader.read_many(sorted(numbers)):
            if served == path:
                assert np.array_equal(image, read.images[number]), number
            else:
                ours = program.detect(read.images[number])
                found = product.detect(image).detections
                theirs = [{"class_id": each.class_id, "box": each.box.xyxy} for each in found]
                assert not [each for each in ours if far_off(each, theirs)], number
                assert len(ours) == len(theirs)


def test_real_films_were_tried(shared_data: Path) -> None:
    """Without the data the test above has no cases: this one says so by being skipped."""
    assert shared_data.is_dir()
    assert len(films()) > 45
