"""The comparison of an export with its checkpoint, on answers made by hand."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tpod_core.detectors.protocol import Detection
from tpod_core.exports import agreement
from tpod_core.exports.agreement import LOWEST_CONFIDENCE, Agreement, compare, spread
from tpod_core.geometry import Box


class Exported:
    """An exported model that always gives these answers from a confidence on."""

    def __init__(self, *answers: tuple[Box, float, int]) -> None:
        self._answers = answers

    def detect(self, image_bgr: Any, confidence: float | None = None) -> list[dict[str, Any]]:
        assert confidence is not None
        return [
            {"box": list(box.xyxy), "score": score, "class_id": class_id}
            for box, score, class_id in self._answers
            if score >= confidence
        ]


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "image.png"
    cv2.imwrite(str(path), np.zeros((40, 40, 3), np.uint8))
    return path


CUP = Detection(Box(10, 10, 30, 30), 0.9, 0)


def test_equal_answers_agree_to_the_pixel(image: Path) -> None:
    found = compare([image], [[CUP]], Exported((CUP.box, 0.9, 0)), 0.5)
    assert found == Agreement(1, 1, 0, 0.0, 0.0, 0.5)
    assert found.holds


def test_largest_differences_are_reported(image: Path) -> None:
    found = compare([image], [[CUP]], Exported((Box(10, 11.5, 30, 30), 0.89, 0)), 0.5)
    assert (found.max_box_px, found.max_score) == (1.5, 0.01)
    assert found.holds


@pytest.mark.parametrize(
    "answer",
    [
        (Box(10, 10, 30, 32.5), 0.9, 0),
        (Box(10, 10, 30, 30), 0.87, 0),
        (Box(10, 10, 30, 30), 0.9, 1),
    ],
    ids=["2.5 px off", "0.03 off in score", "another class"],
)
def test_difference_beyond_the_limits_does_not_hold(
    image: Path, answer: tuple[Box, float, int]
) -> None:
    found = compare([image], [[CUP]], Exported(answer), 0.5)
    assert found.unmatched == 1
    assert not found.holds


def test_score_just_under_the_confidence_still_matches(image: Path) -> None:
    at_the_limit = Detection(CUP.box, 0.5, 0)
    assert compare([image], [[at_the_limit]], Exported((CUP.box, 0.49, 0)), 0.5).holds


def test_detector_that_finds_nothing_is_compared_at_low_confidence(image: Path) -> None:
    faint = Detection(CUP.box, 0.004, 0)
    found = compare([image], [[faint]], Exported((CUP.box, 0.004, 0)), 0.25)
    assert (found.compared, found.confidence) == (1, LOWEST_CONFIDENCE)
    assert found.holds


def test_detector_that_finds_nothing_may_differ_in_ties_but_not_in_most(image: Path) -> None:
    faint = [Detection(Box(i, i, i + 10, i + 10), 0.004, 0) for i in range(0, 30, 3)]
    same = [(found.box, found.score, 0) for found in faint]
    assert compare([image], [faint], Exported(*same[:8]), 0.25).holds
    assert not compare([image], [faint], Exported(*same[:7]), 0.25).holds


def test_detector_without_any_answer_compares_nothing(image: Path) -> None:
    found = compare([image], [[]], Exported(), 0.25)
    assert (found.compared, found.unmatched) == (0, 0)
    assert found.holds


def test_images_are_taken_from_the_whole_set() -> None:
    images = [Path(f"{number}.jpg") for number in range(80)]
    assert [path.stem for path in spread(images)] == [str(n) for n in range(0, 80, 10)]
    assert spread(images[:3]) == images[:3]
    assert len(spread(images)) == agreement.IMAGES
