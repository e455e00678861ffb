"""Which detections are right, on boxes made by hand."""

import numpy as np
import pytest

from tests.random_detections import crowded
from tpod_core.detectors.protocol import Detection
from tpod_core.evaluation.matching import (
    NO_LABEL,
    correct_at_ious,
    detected,
    iou_matrix,
    labelled,
    match,
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
    right = correct_at_ious(labelled([(CUP, PLACE)]), detected([Detection(SHIFTED, 0.9, CUP)]))
    assert right.tolist() == [[True] * 5 + [False] * 5]  # 0.5, 0.55 … 0.7; not 0.75 … 0.95


def test_second_box_on_an_object_is_wrong() -> None:
    twice = detected([Detection(PLACE, 0.8, CUP), Detection(SHIFTED, 0.9, CUP)])
    right = correct_at_ious(labelled([(CUP, PLACE)]), twice)
    assert right[:, 0].tolist() == [True, False]
    # Where the surer one is not close enough, the other one has the object.
    assert right[:, 9].tolist() == [False, True]


def test_box_of_another_class_is_wrong() -> None:
    right = correct_at_ious(labelled([(BUS, PLACE)]), detected([Detection(PLACE, 0.9, CUP)]))
    assert not right.any()


@pytest.mark.parametrize(
    ("labels", "found"), [([], [Detection(PLACE, 0.9, CUP)]), ([(CUP, PLACE)], []), ([], [])]
)
def test_empty_image_has_nothing_right(
    labels: list[tuple[int, Box]], found: list[Detection]
) -> None:
    assert correct_at_ious(labelled(labels), detected(found)).shape == (len(found), 10)
    assert not correct_at_ious(labelled(labels), detected(found)).any()


def test_pairs_cover_every_label_and_every_detection() -> None:
    labels = labelled([(CUP, PLACE), (BUS, ELSEWHERE)])
    found = detected([Detection(SHIFTED, 0.9, BUS), Detection(Box(400, 0, 500, 90), 0.4, CUP)])
    assert list(match(labels, found).pairs()) == [(0, 0), (1, None), (None, 1)]


def test_surer_box_of_another_class_does_not_take_the_object_from_the_right_one() -> None:
    labels = labelled([(CUP, PLACE)])
    matched = match(labels, detected([Detection(PLACE, 0.9, BUS), Detection(SHIFTED, 0.4, CUP)]))
    assert matched.correct.tolist() == [False, True]
    assert list(matched.pairs()) == [(0, 1), (None, 0)]
    assert matched.unmatched.tolist() == [True, False]


def test_missed_object_is_mistaken_once() -> None:
    labels = labelled([(CUP, PLACE)])
    matched = match(labels, detected([Detection(PLACE, 0.4, BUS), Detection(SHIFTED, 0.9, BUS)]))
    assert matched.mistaken_numbers.tolist() == [0, NO_LABEL]
    assert not matched.found.any()


def test_second_box_lies_on_an_object_of_its_class_and_is_no_unmatched_one() -> None:
    labels = labelled([(CUP, PLACE)])
    matched = match(
        labels,
        detected(
            [
                Detection(PLACE, 0.9, CUP),
                Detection(SHIFTED, 0.8, CUP),
                Detection(PLACE, 0.7, BUS),
                Detection(ELSEWHERE, 0.6, CUP),
            ]
        ),
    )
    assert matched.correct.tolist() == [True, False, False, False]
    assert matched.duplicate.tolist() == [False, True, False, False]
    assert matched.unmatched.tolist() == [False, False, True, True]


def test_box_whose_best_object_is_taken_has_the_next_best() -> None:
    """Both boxes lie best on the first cup; the second one is right about the other cup."""
    labels = labelled([(CUP, PLACE), (CUP, Box(0, 0, 100, 130))])
    matched = match(
        labels,
        detected([Detection(PLACE, 0.9, CUP), Detection(Box(0, 0, 100, 101), 0.8, CUP)]),
    )
    assert matched.label_numbers.tolist() == [0, 1]


def test_higher_threshold_asks_for_a_closer_box() -> None:
    labels, found = labelled([(CUP, PLACE)]), detected([Detection(SHIFTED, 0.9, CUP)])
    assert match(labels, found, 0.7).correct.all()
    assert not match(labels, found, 0.75).correct.any()


def test_less_sure_detections_change_nothing_about_surer_ones() -> None:
    for labels, detections in crowded(40):
        true, found = labelled(labels), detected(detections)
        whole, sure = match(true, found), found.scores >= 0.5
        assert match(true, found.only(sure)).correct.tolist() == whole.correct[sure].tolist()
