"""What is said about sets whose score means little, and about sets smaller than a step."""

import pytest

from tpod_core.detectors import registry
from tpod_core.detectors.short_batch import short_batch_warning, smallest_suggested_batch
from tpod_core.training_sets.doubts import doubts_of
from tpod_core.training_sets.statistics import (
    ClassCounts,
    Leakage,
    SplitCounts,
    Statistics,
    TrainValCounts,
)

SOUND = Leakage(share=0, frames=0, within_frames=30, alike=0)


def statistics(
    boxes: tuple[int, int] = (40, 10),
    frames: tuple[int, int] = (40, 10),
    leakage: Leakage | None = SOUND,
    method: str = "by_block",
) -> Statistics:
    counts = TrainValCounts(*boxes)
    return Statistics(
        TrainValCounts(*frames),
        counts,
        TrainValCounts(0, 0),
        (ClassCounts("cup", counts, counts),),
        (),
        SplitCounts(method, 0.2, 0, 0, leakage),
    )


def test_sound_set_raises_no_doubt() -> None:
    assert doubts_of(statistics()) == []


@pytest.mark.parametrize(
    ("boxes", "sentences"),
    [
        pytest.param((40, 1), ["one box in validation: its score is all or nothing"], id="val 1"),
        pytest.param((40, 0), ["no box in validation: its score will be missing"], id="val 0"),
        pytest.param((1, 10), ["one box in training: it will hardly be learnt"], id="train 1"),
        pytest.param((0, 10), ["no box in training: it will not be learnt"], id="train 0"),
        pytest.param((1, 1), ["one box in validation", "one box in training"], id="one in each"),
        pytest.param((0, 0), ["no box in the chosen frames"], id="none"),
        pytest.param((2, 2), [], id="two in each"),
    ],
)
def test_class_with_one_box_or_none_is_named(boxes: tuple[int, int], sentences: list[str]) -> None:
    found = doubts_of(statistics(boxes=boxes))
    assert len(found) == len(sentences)
    for sentence, said in zip(sentences, found, strict=True):
        assert f'"cup" has {sentence}' in said


def test_way_out_of_a_rare_class_depends_on_the_split() -> None:
    [by_block] = doubts_of(statistics(boxes=(40, 1)))
    [by_video] = doubts_of(statistics(boxes=(40, 1), method="by_video"))
    assert by_block.endswith("Label it in more places.")
    assert by_video.endswith("Label it in more videos, or split by block.")


@pytest.mark.parametrize(
    ("count", "words"), [(1, "only 1 picture,"), (4, "only 4 pictures,"), (5, "")]
)
def test_few_validation_pictures_are_said(count: int, words: str) -> None:
    found = doubts_of(statistics(frames=(40, count)))
    assert [words in each for each in found] == ([True] if words else [])


@pytest.mark.parametrize(
    ("leakage", "words"),
    [
        pytest.param(
            Leakage(0.6, 6, 30, 5),
            "6 of 10 validation pictures nearly equal a training picture: the score flatters.",
            id="much",
        ),
        pytest.param(Leakage(0.1, 1, 30, 1), "the score flatters a little.", id="little"),
        pytest.param(Leakage(0, 0, 30), "did not measure", id="an earlier version"),
        pytest.param(None, "did not measure", id="the first version"),
    ],
)
def test_leakage_is_said_beside_the_score(leakage: Leakage | None, words: str) -> None:
    [found] = doubts_of(statistics(leakage=leakage))
    assert words in found


def test_known_neighbours_are_said_where_likeness_was_not_measured() -> None:
    found = doubts_of(statistics(leakage=Leakage(0.6, 6, 30)))
    assert ["did not measure" in each for each in found] == [True, False]
    assert "6 of 10" in found[1]


@pytest.mark.parametrize(
    ("dnn_type", "words"),
    [
        ("yolo26n", "a single step with all of them"),
        ("rtdetr-l", "a single step with all of them"),
        (
            "ssdlite320_mobilenet_v3_large",
            "a single step in which pictures are shown more than once",
        ),
        ("fasterrcnn_resnet50_fpn_v2", "a single step in which pictures are shown more than once"),
    ],
)
def test_each_family_says_what_it_does_with_less_than_a_batch(dnn_type: str, words: str) -> None:
    model = registry.config_model(dnn_type)
    said = short_batch_warning(model, train_images=3, batch=8)
    assert said.startswith("Training has only 3 pictures, and a step takes 8:")
    assert words in said
    assert short_batch_warning(model, train_images=8, batch=8) == ""


def test_smallest_suggested_batch_grows_with_the_set() -> None:
    assert [smallest_suggested_batch(count) for count in (3, 201, 1001)] == [4, 8, 16]


@pytest.mark.filterwarnings("ignore:::torch")
@pytest.mark.filterwarnings("ignore:::ultralytics")
def test_ultralytics_takes_all_pictures_of_less_than_a_batch_in_one_step() -> None:
    from ultralytics.data.build import build_dataloader

    loader = build_dataloader([0, 1, 2], batch=8, workers=0)  # type: ignore[arg-type]
    assert [sorted(batch.tolist()) for batch in loader] == [[0, 1, 2]]
