"""Which detections are right, on boxes made by hand."""

import numpy as np
import pytest

from tpod_core.detectors.protocol import Detection
from tpod_core.evaluation.matching import (
    detected,
    iou_matrix,
    is_correct,
    is_explained,
    labelled,
    pair,
)
from tpod_core.geometry import Box, iou

CUP, BUS = 0, 1
PLACE = Box(0, 0, 100, 100)
SHIFTED = Box(0, 0, 100, 72)  # overlaps PLACE by 0.72
ELSEWHERE = Box(200, 200, 300, 300)


def test_iou_matrix_is_the_iou_of_each_pair() -> None:
    random = np.random.default_rng(0)
    corners = random.uniform(0, 50, (7, 2, 2)).astype(np.float32)
    boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
    expected = [[iou(Box(*a), Box(*b)) for b in boxes] for a in boxes]
    assert iou_matrix(boxes, boxes) == pytest.approx(np.array(expected), abs=1e-5)


def test_detection_is_right_up_to_its_overlap() -> None:
    right = is_correct(labelled([(CUP, PLACE)]), detected([Detection(SHIFTED, 0.9, CUP)]))
    assert right.tolist() == [[True] * 5 + [False] * 5]  # 0.5, 0.55 … 0.7; not 0.75 … 0.95


def test_second_box_on_an_object_is_wrong() -> None:
    twice = detected([Detection(PLACE, 0.8, CUP), Detection(SHIFTED, 0.9, CUP)])
    right = is_correct(labelled([(CUP, PLACE)]), twice)
    assert right[:, 0].tolist() == [True, False]
    # Where the surer one is not close enough, the other one has the object.
    assert right[:, 9].tolist() == [False, True]


def test_box_of_another_class_is_wrong() -> None:
    right = is_correct(labelled([(BUS, PLACE)]), detected([Detection(PLACE, 0.9, CUP)]))
    assert not right.any()


@pytest.mark.parametrize(
    ("labels", "found"), [([], [Detection(PLACE, 0.9, CUP)]), ([(CUP, PLACE)], []), ([], [])]
)
def test_empty_image_has_nothing_right(
    labels: list[tuple[int, Box]], found: list[Detection]
) -> None:
    assert is_correct(labelled(labels), detected(found)).shape == (len(found), 10)
    assert not is_correct(labelled(labels), detected(found)).any()


def test_pairs_cover_every_label_and_every_detection() -> None:
    labels = labelled([(CUP, PLACE), (BUS, ELSEWHERE)])
    found = detected([Detection(SHIFTED, 0.9, BUS), Detection(Box(400, 0, 500, 90), 0.4, CUP)])
    assert pair(labels, found) == [(0, 0), (1, None), (None, 1)]


def test_label_explains_every_box_of_its_class_that_lies_on_it() -> None:
    labels = labelled([(CUP, PLACE)])
    found = detected(
        [
            Detection(PLACE, 0.9, CUP),
            Detection(SHIFTED, 0.8, CUP),
            Detection(PLACE, 0.7, BUS),
            Detection(ELSEWHERE, 0.6, CUP),
        ]
    )
    assert is_explained(labels, found).tolist() == [True, True, False, False]
