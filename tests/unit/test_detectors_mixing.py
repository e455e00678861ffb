"""A child's training set and its parent's as one: classes, frames, leaks."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.training_sets import write_training_set
from tpod_core.detectors.dataset_layout import Ancestry, label_of, materialize
from tpod_core.detectors.mixing import Mixture, count_known, mix, union_of_classes
from tpod_core.errors import Conflict
from tpod_core.formats.yolo import (
    Manifest,
    ManifestFrame,
    ManifestVideo,
    Split,
    image_path,
    read_manifest,
    write_manifest,
)

GUARD = {"split": {"guard_frames": 2}}


def manifest(
    train: list[int], val: list[int], sha256: str = "street", video_id: int = 1
) -> Manifest:
    """A set of one video with the guard of two frames."""
    parts: list[tuple[Split, list[int]]] = [("train", train), ("val", val)]
    frames = tuple(
        ManifestFrame(part, image_path(part, video_id, index), video_id, index, 160, 120, 1)
        for part, indices in parts
        for index in indices
    )
    videos = (ManifestVideo(video_id, "v", sha256, 1),)
    return Manifest(("cup",), "h", frames, videos, GUARD)


def indices(mixture: Mixture, number: int, part: Split) -> list[int]:
    return [f.frame_index for f in mixture.frames[number] if f.split == part]


def test_parent_s_classes_come_first_and_new_ones_after() -> None:
    own = replace(manifest([0], []), classes=("tram", "cup"))
    assert union_of_classes(("cup", "bus"), [own]) == ("cup", "bus", "tram")


def test_frames_that_the_child_holds_out_are_no_training_of_the_parent_s() -> None:
    mixed = mix([manifest([0], [100]), manifest([97, 98, 100, 102, 103], [])])
    assert indices(mixed, 1, "train") == [97, 103]
    assert mixed.leaking == 3


def test_frames_that_the_parent_holds_out_are_no_training_of_the_child_s() -> None:
    mixed = mix([manifest([0, 50, 51], [100]), manifest([10], [53])])
    assert indices(mixed, 0, "train") == [0, 50]
    assert indices(mixed, 1, "val") == [53]
    assert mixed.leaking == 1


def test_same_numbers_of_another_file_are_other_frames() -> None:
    mixed = mix([manifest([0], [100]), manifest([99, 100], [], sha256="square")])
    assert indices(mixed, 1, "train") == [99, 100]
    assert mixed.leaking == 0


def test_file_is_known_by_its_content_not_by_its_row() -> None:
    mixed = mix([manifest([0], [100]), manifest([100], [], video_id=7)])
    assert indices(mixed, 1, "train") == []


def masked(index: int) -> Manifest:
    """A set of one masked frame."""
    own = manifest([index], [])
    return replace(own, frames=(replace(own.frames[0], image="m.jpg", shown=((1, 2, 3, 4),)),))


@pytest.mark.parametrize(
    ("earlier", "later", "kept"),
    [
        (masked(7), manifest([7], []), 1),
        (masked(7), masked(7), 0),
        (manifest([7], []), masked(7), 0),
        (manifest([7], []), manifest([7], []), 0),
    ],
    ids=["whole after masked", "masked twice", "masked after whole", "whole twice"],
)
def test_only_a_whole_frame_is_used_beside_an_earlier_masked_one(
    earlier: Manifest, later: Manifest, kept: int
) -> None:
    mixed = mix([earlier, later])
    assert [len(frames) for frames in mixed.frames] == [1, kept]
    assert mixed.repeated == 1 - kept


def test_guard_of_a_set_that_names_none_is_about_a_second() -> None:
    own = replace(manifest([0], [100]), choice={"split": {"guard_frames": None}})
    mixed = mix([own, manifest([69, 70, 130, 131], [])])
    assert indices(mixed, 1, "train") == [69, 131]


def test_frame_in_both_sets_is_taken_once_with_the_child_s_labels() -> None:
    mixed = mix([manifest([0, 1], [100]), manifest([1, 2], [100, 101])])
    assert indices(mixed, 0, "train") == [0, 1]
    assert indices(mixed, 1, "train") == [2]
    assert indices(mixed, 1, "val") == [101]
    assert mixed.repeated == 2


def test_single_set_stays_as_it_was_built() -> None:
    own = manifest([99, 101, 101], [100])
    assert mix([own]) == Mixture((own.frames,), 0, 0)


@pytest.mark.parametrize(
    ("learnt", "known"),
    [
        pytest.param(manifest([98, 300], []), 1, id="near a training frame"),
        pytest.param(manifest([97, 204], []), 0, id="further than the guard"),
        pytest.param(manifest([], [100, 200]), 0, id="held out there too"),
        pytest.param(manifest([100, 200], [], sha256="square"), 0, id="another file"),
        pytest.param(manifest([100, 200], [], video_id=7), 2, id="same file uploaded again"),
    ],
)
def test_validation_frames_that_were_trained_on_before_are_counted(
    learnt: Manifest, known: int
) -> None:
    own = manifest([0], [100, 200])
    assert count_known([own], [replace(learnt, content_hash="parent's")]) == known


def test_set_that_was_learnt_before_is_judged_by_its_own_split() -> None:
    own = manifest([99], [100])
    assert count_known([own], [own]) == 0


@pytest.fixture
def sets(tmp_path: Path) -> tuple[Path, Path]:
    """The child's set (tram, cup) and its parent's (cup, bus stop), of two videos."""
    child = write_training_set(tmp_path / "child", train=4, val=2)
    parent = write_training_set(tmp_path / "parent", train=3, val=1)
    for path, classes, sha256 in ((child, ("tram", "cup"), "a"), (parent, None, "b")):
        own = read_manifest(path)
        videos = (ManifestVideo(1, "v", sha256, 1),)
        write_manifest(path, replace(own, classes=classes or own.classes, videos=videos))
    return child, parent


def ancestry(parent: Path) -> Ancestry:
    return Ancestry(("cup", "bus stop"), (parent,))


def ids(images: tuple[Path, ...]) -> list[str]:
    return [label_of(image).read_text().split()[0] for image in images]


def test_view_of_two_sets_has_both_with_one_numbering(
    sets: tuple[Path, Path], tmp_path: Path
) -> None:
    child, parent = sets
    view = materialize(child, tmp_path / "view", ancestry(parent))
    assert view.classes == ("cup", "bus stop", "tram")
    assert (len(view.train), len(view.val)) == (7, 3)
    assert ids(view.train) == ["2", "0", "2", "0", "0", "1", "0"]
    assert ids(view.val) == ["2", "0", "0"]
    assert all(image.is_file() for image in (*view.train, *view.val))
    listed = (tmp_path / "view" / "train.txt").read_text().split()
    assert listed == [str(path) for path in view.train]


def test_boxes_stay_where_they_are_under_another_number(
    sets: tuple[Path, Path], tmp_path: Path
) -> None:
    child, parent = sets
    view = materialize(child, tmp_path / "view", ancestry(parent))
    original = (child / "labels/train/v1_000000.txt").read_text().split()
    assert label_of(view.train[0]).read_text().split()[1:] == original[1:]


def test_mixing_writes_nothing_into_the_sets(sets: tuple[Path, Path], tmp_path: Path) -> None:
    before = [sorted(p for p in path.rglob("*")) for path in sets]
    labels = (sets[0] / "labels/train/v1_000000.txt").read_bytes()
    materialize(sets[0], tmp_path / "view", ancestry(sets[1]))
    assert [sorted(p for p in path.rglob("*")) for path in sets] == before
    assert (sets[0] / "labels/train/v1_000000.txt").read_bytes() == labels


def test_what_the_parent_s_set_does_not_label_is_said(
    sets: tuple[Path, Path], tmp_path: Path
) -> None:
    view = materialize(sets[0], tmp_path / "view", ancestry(sets[1]))
    [note] = view.notes
    assert "does not label tram" in note


def test_class_that_nothing_shows_any_more_is_named(
    sets: tuple[Path, Path], tmp_path: Path
) -> None:
    view = materialize(sets[0], tmp_path / "view", Ancestry(("cup", "bus stop")))
    assert view.classes == ("cup", "bus stop", "tram")
    [note] = view.notes
    assert "shows bus stop" in note and "may forget" in note


def test_parent_s_set_whose_files_are_gone_is_said_and_left_out(
    sets: tuple[Path, Path], tmp_path: Path
) -> None:
    view = materialize(sets[0], tmp_path / "view", ancestry(tmp_path / "nowhere"))
    assert len(view.train) == 4
    assert any("not mixed in" in note for note in view.notes)


def test_left_out_frames_are_counted_for_the_person(
    sets: tuple[Path, Path], tmp_path: Path
) -> None:
    child, parent = sets
    own = read_manifest(child)
    write_manifest(child, replace(own, videos=(ManifestVideo(1, "v", "b", 1),)))
    with pytest.raises(Conflict, match="holds out every training frame"):
        materialize(child, tmp_path / "all", ancestry(parent))
    far = [replace(f, frame_index=1000) if f.split == "train" else f for f in own.frames]
    write_manifest(child, replace(own, frames=tuple(far), videos=(ManifestVideo(1, "v", "b", 1),)))
    view = materialize(child, tmp_path / "view", ancestry(parent))
    assert any(note.startswith("3 training frames were left out") for note in view.notes)


@pytest.mark.parametrize("line", ["7 0.5 0.5 0.1 0.1\n", "cup 0.5 0.5 0.1 0.1\n"])
def test_class_that_vanished_from_the_set_is_a_sentence(
    sets: tuple[Path, Path], tmp_path: Path, line: str
) -> None:
    (sets[0] / "labels/train/v1_000000.txt").write_text(line)
    with pytest.raises(Conflict, match="name a class"):
        materialize(sets[0], tmp_path / "view")


def test_missing_labels_are_named_before_the_training(
    sets: tuple[Path, Path], tmp_path: Path
) -> None:
    (sets[0] / "labels/train/v1_000000.txt").unlink()
    with pytest.raises(Conflict, match="are missing"):
        materialize(sets[0], tmp_path / "view")
