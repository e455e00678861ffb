"""A training set laid out for a trainer."""

from pathlib import Path

import pytest

from tests.training_sets import CLASSES, write_training_set
from tpod_core.detectors.config import SetSize
from tpod_core.detectors.dataset_layout import materialize, size_of
from tpod_core.errors import Conflict


@pytest.fixture
def training_set(tmp_path: Path) -> Path:
    return write_training_set(tmp_path / "set", train=3, val=2)


def test_view_lists_every_image_of_its_part(training_set: Path, tmp_path: Path) -> None:
    view = materialize(training_set, tmp_path / "view")
    assert view.classes == CLASSES
    assert [path.name for path in view.train] == [f"v1_{n:06d}.jpg" for n in range(3)]
    assert (tmp_path / "view" / "val.txt").read_text().split() == [str(p) for p in view.val]


def test_labels_lie_where_the_trainer_looks_for_them(training_set: Path, tmp_path: Path) -> None:
    view = materialize(training_set, tmp_path / "view")
    label = Path(str(view.train[0]).replace("/images/", "/labels/")).with_suffix(".txt")
    assert label.read_text() == (training_set / "labels/train/v1_000000.txt").read_text()


def test_what_is_written_beside_the_labels_stays_out_of_the_set(
    training_set: Path, tmp_path: Path
) -> None:
    materialize(training_set, tmp_path / "view")
    (tmp_path / "view" / "labels" / "train.cache").write_bytes(b"")
    assert sorted(path.name for path in (training_set / "labels").iterdir()) == ["train", "val"]


def test_size_tells_what_the_defaults_depend_on(training_set: Path) -> None:
    assert size_of(training_set) == SetSize(train_images=3, classes=2, longest_side_px=160)


def test_missing_image_is_named_before_the_training(training_set: Path, tmp_path: Path) -> None:
    (training_set / "images/val/v1_000001.jpg").unlink()
    with pytest.raises(Conflict, match="1 images of this training set are missing"):
        materialize(training_set, tmp_path / "view")


@pytest.mark.parametrize(
    ("content", "cause"), [(None, "missing"), ("{", "damaged"), ("{}", "damaged")], ids=str
)
def test_set_without_a_good_manifest_is_refused(
    training_set: Path, content: str | None, cause: str
) -> None:
    manifest = training_set / "manifest.json"
    manifest.unlink()
    if content is not None:
        manifest.write_text(content)
    with pytest.raises(Conflict, match=cause):
        size_of(training_set)
