"""One rule for "this detection is right": what speaks of the same thing has the same number."""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from pages._detectors.charts import curve_sentence
from pages._detectors.words import rates, verdict
from tests.random_detections import Answer, crowded, gathered, usual, weak
from tpod_core.detectors.protocol import Detection
from tpod_core.detectors.scores import Score
from tpod_core.evaluation import matching, reporting, scoring, worst_pictures
from tpod_core.evaluation.average_precision import measure
from tpod_core.evaluation.confusion import confusion_matrix, counts_of
from tpod_core.evaluation.curves import index_of
from tpod_core.evaluation.result_file import Evaluation
from tpod_core.evaluation.unmatched_detections import unmatched_on
from tpod_core.geometry import Box

pytestmark = [
    pytest.mark.usefixtures("data_directory"),
    pytest.mark.filterwarnings("ignore:::torch"),
    pytest.mark.filterwarnings("ignore:::ultralytics"),
]

CLASSES = ("cup", "bus", "cat")
PLACE = Box(0, 0, 100, 100)

DETECTORS: dict[str, list[Answer]] = {
    "usual": usual(60, classes=3),
    "usual, another seed": usual(60, seed=11, classes=3),
    "crowded": crowded(60, classes=3),
    "crowded, another seed": crowded(60, seed=12, classes=3),
    "weak": weak(100),
    "weak, another seed": weak(300, seed=13, classes=3),
    "finds a class that is not there": [
        ([(0, PLACE)], [Detection(PLACE, 0.4, 0), Detection(PLACE, 0.9, 2)]),
        ([(1, PLACE)], [Detection(PLACE, 0.4, 2)]),
    ],
    "finds nothing": [([(0, PLACE)], []), ([(1, PLACE)], [])],
    "draws below every confidence that is recommended": [
        ([(0, PLACE)], [Detection(PLACE, 0.03, 0)]),
        ([(1, PLACE)], []),
    ],
    "sees no object": [([], [Detection(PLACE, 0.9, 0)])],
}


@dataclass(frozen=True)
class Worked:
    """All that is worked out about a detector; ``rows`` and ``columns`` are sums of the matrix."""

    answers: list[Answer]
    score: Score
    report: Evaluation

    @property
    def matrix(self) -> np.ndarray:
        return np.array(self.report.confusion)

    @property
    def best(self) -> int:
        """The place of the recommended confidence in the written curves."""
        return self.report.confidences.index(self.report.recommended_confidence)


@pytest.fixture(scope="module", params=list(DETECTORS.values()), ids=list(DETECTORS))
def worked(request: pytest.FixtureRequest, data_directory: Path) -> Worked:
    answers = gathered(request.param, CLASSES)
    metrics = measure(answers.arrays())
    return Worked(
        request.param,
        scoring.score_of(answers, metrics),
        reporting.report(answers, metrics),
    )


def test_score_and_matrix_count_the_same(worked: Worked) -> None:
    assert worked.score.counts == worked.report.counts
    assert worked.score.recommended_confidence == worked.report.recommended_confidence
    counts, matrix = worked.score.counts, worked.matrix
    assert counts.correct == np.trace(matrix)
    assert counts.correct + counts.missed == matrix[:-1].sum()
    assert counts.correct + counts.wrong == matrix[:, :-1].sum()
    assert worked.score.precision == share(counts.correct, counts.correct + counts.wrong)
    assert worked.score.recall == share(counts.correct, counts.correct + counts.missed)


def test_curve_has_the_counts_of_the_matrix_at_the_recommended_confidence(worked: Worked) -> None:
    counts, curve = worked.report.counts, worked.report.all_classes
    assert curve.detections[worked.best] == counts.correct + counts.wrong
    at = curve.precision[worked.best], curve.recall[worked.best], curve.f1[worked.best]
    score = worked.score
    assert at == pytest.approx((score.precision, score.recall, score.f1), abs=1e-6)


def test_class_has_the_shares_of_its_row_and_column(worked: Worked) -> None:
    for class_id, row in enumerate(worked.score.classes):
        right = worked.matrix[class_id, class_id]
        objects, boxes = worked.matrix[class_id].sum(), worked.matrix[:, class_id].sum()
        assert row.boxes == objects
        if objects:
            assert (row.precision, row.recall) == (share(right, boxes), share(right, objects))
            curve = worked.report.curves[row.name]
            at = curve.precision[worked.best], curve.recall[worked.best]
            assert at == pytest.approx((row.precision, row.recall), abs=1e-6)
            assert curve.detections[worked.best] == boxes


def test_words_tell_the_numbers_of_the_matrix(worked: Worked) -> None:
    counts, whole = worked.report.counts, verdict(worked.score.as_json())
    told = re.search("Of 100 objects.* are right|It draws no box.*?it finds", whole)
    assert told is not None
    assert told[0] in curve_sentence(worked.report.all_classes, worked.best)
    if counts.correct + counts.wrong == 0:
        assert told[0].startswith("It draws no box")
    else:
        found = share(counts.correct, counts.correct + counts.missed)
        right = share(counts.correct, counts.correct + counts.wrong)
        numbers = [int(number) / 100 for number in re.findall(r"\*\*(\d+)\*\*", told[0])]
        assert numbers == pytest.approx([found, right], abs=0.005 + 1e-9)


def share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "about **0**"),
        (0.004, "fewer than **1**"),
        (0.006, "about **1**"),
        (0.015, "about **1**"),  # as in a tile: the number itself is a little less
        (0.287, "about **29**"),
        (0.625, "about **62**"),  # half to even, as in a tile
        (0.994, "about **99**"),
        (0.996, "over **99**"),
        (1, "about **100**"),
    ],
)
def test_share_is_told_as_it_is_shown_and_nearly_none_is_not_none(value: float, words: str) -> None:
    sentence = rates(value, value, 1000)
    assert sentence == (
        f"Of 100 objects it finds {words}; of 100 boxes that it draws, {words} are right."
    )


def test_diagonal_holds_the_true_positives_of_ap_at_every_confidence(worked: Worked) -> None:
    answers = gathered(worked.answers, CLASSES)
    arrays = answers.arrays()
    curves = measure(arrays).curves
    for confidence in (0.05, 0.051, 0.2, 0.333, 0.5, 0.9):
        matrix = confusion_matrix(answers.images, len(CLASSES), confidence)
        right = arrays.correct[:, 0] & (arrays.scores >= np.float32(confidence))
        by_ap = np.bincount(arrays.class_ids[right], minlength=len(CLASSES))
        index = index_of(confidence)
        assert matrix.diagonal()[:-1].tolist() == by_ap.tolist(), confidence
        assert matrix.diagonal()[:-1].tolist() == curves.correct[:, index].tolist(), confidence
        assert matrix[:, :-1].sum(axis=0).tolist() == curves.detected[:, index].tolist()
        assert matrix[:-1].sum(axis=1).tolist() == curves.labels.tolist()


def test_videos_add_up_to_the_whole(worked: Worked) -> None:
    videos, counts = worked.report.videos, worked.report.counts
    assert sum(video.images for video in videos) == worked.report.images
    assert sum(video.counts.correct for video in videos) == counts.correct
    assert sum(video.counts.wrong for video in videos) == counts.wrong
    assert sum(video.counts.missed for video in videos) == counts.missed


def test_boxes_in_the_pictures_are_those_that_are_counted(worked: Worked) -> None:
    answers, counts = gathered(worked.answers, CLASSES), worked.report.counts
    kinds = Counter(
        shown.kind
        for image in answers.images
        for shown in worst_pictures.shown_objects(
            CLASSES, image, worked.report.recommended_confidence
        )
    )
    assert (kinds["correct"], kinds["wrong"], kinds["missed"]) == (
        counts.correct,
        counts.wrong,
        counts.missed,
    )


def test_unmatched_detections_and_second_boxes_are_the_wrong_ones(worked: Worked) -> None:
    confidence = worked.report.recommended_confidence
    unmatched = duplicates = 0
    for image in gathered(worked.answers, CLASSES).images:
        found = image.found.at_least(confidence)
        unmatched += len(list(unmatched_on((1, 0), CLASSES, image.labels, found)))
        duplicates += int(matching.match(image.labels, found).duplicate.sum())
    assert unmatched + duplicates == worked.report.counts.wrong


def test_weak_detector_no_longer_tells_three_stories() -> None:
    """Once: 29 of 100 found in the words, 0 in the matrix, 50 of 100 right at the slider."""
    answers = gathered(weak(100))
    metrics = measure(answers.arrays())
    report = reporting.report(answers, metrics)
    score = scoring.score_of(answers, metrics)
    assert score.recommended_confidence == 0.05
    assert 0.01 < metrics.curves.overall().recall[0].max() < 0.5, "it finds some, with low scores"
    assert (report.counts.correct, report.counts.missed) == (0, 100)
    assert report.counts.wrong > 0
    assert "finds about **0**; of 100 boxes that it draws, about **0** are" in verdict(
        score.as_json()
    )


def test_detector_that_draws_nothing_there_says_so() -> None:
    answers = gathered(DETECTORS["draws below every confidence that is recommended"])
    metrics = measure(answers.arrays())
    score = scoring.score_of(answers, metrics)
    assert "It draws no box at this confidence" in verdict(score.as_json())
    assert counts_of(confusion_matrix(answers.images, 2, 0.05)) == score.counts
