"""Parent and child on the same images: who got worse, and by more than chance?"""

from pathlib import Path

import numpy as np
import pytest

from tpod_core.detectors.protocol import Detection
from tpod_core.evaluation import comparison, matching
from tpod_core.evaluation.average_precision import measure
from tpod_core.evaluation.comparison import ParentIdentity
from tpod_core.evaluation.result_file import ClassChange, ParentReport
from tpod_core.evaluation.scoring import Gathered, class_ids_by_name
from tpod_core.formats import yolo
from tpod_core.geometry import Box

pytestmark = pytest.mark.usefixtures("home")

CLASSES = ("cup", "bus", "cat")
PARENT = ParentIdentity(7, "Old", ("bus", "cup"))
PLACES = [Box(150 * n, 0, 150 * n + 100, 100) for n in range(2)]  # of a cup and of a bus


def answers(cup_recall: float, bus_recall: float, images: int = 120, seed: int = 0) -> Gathered:
    """Every image shows a cup and a bus; each is found by chance."""
    random = np.random.default_rng(seed)
    result = Gathered(CLASSES)
    for frame in range(images):
        found = [
            Detection(PLACES[class_id], 0.9, class_id)
            for class_id, recall in enumerate((cup_recall, bus_recall))
            if random.random() < recall
        ]
        labels = matching.labelled(list(enumerate(PLACES)))
        path = Path(yolo.image_path("val", 1 + frame % 2, frame))
        result.add(path, labels, matching.detected(found))
    return result


def compare(parent: Gathered, child: Gathered) -> dict[str, ClassChange]:
    return {row.name: row for row in report(parent, child).classes}


def report(parent: Gathered, child: Gathered) -> ParentReport:
    return comparison.compare(PARENT, parent, child, measure(child.arrays()))


def test_class_that_is_found_less_often_got_worse() -> None:
    rows = compare(answers(0.9, 0.9), answers(0.5, 0.9, seed=1))
    assert rows["cup"].worse
    assert rows["cup"].change == pytest.approx(-0.4, abs=0.1)
    assert rows["cup"].interval is not None
    assert rows["cup"].interval[0] < rows["cup"].change < rows["cup"].interval[1] < 0


def test_class_that_is_found_as_often_did_not_get_worse() -> None:
    child = answers(0.5, 0.9, seed=1)
    rows = compare(answers(0.9, 0.9), child)
    assert not rows["bus"].worse
    assert not compare(child, child)["cup"].worse


def test_drop_that_chance_explains_is_no_warning() -> None:
    rows = compare(answers(0.8, 0.9, images=24), answers(0.72, 0.9, images=24, seed=9))
    assert -0.3 < rows["cup"].change < -comparison.MIN_DROP
    assert not rows["cup"].worse


def test_better_class_is_no_warning() -> None:
    rows = compare(answers(0.5, 0.5), answers(0.9, 0.9, seed=1))
    assert rows["cup"].change > 0.3
    assert not any(row.worse for row in rows.values())


def test_classes_that_the_parent_did_not_know_are_left_out() -> None:
    child = answers(0.9, 0.9)
    child.add(
        Path("v1_000900.jpg"),
        matching.labelled([(2, PLACES[0])]),
        matching.detected([Detection(PLACES[0], 0.9, 2)]),
    )
    parent = answers(0.9, 0.9)
    parent.add(Path("v1_000900.jpg"), child.images[-1].labels, matching.detected([]))
    assert list(compare(parent, child)) == ["cup", "bus"]


def test_few_images_have_no_interval_and_any_drop_tells() -> None:
    rows = compare(answers(1, 1, images=3), answers(0, 1, images=3))
    assert rows["cup"].interval is None
    assert rows["cup"].worse


def test_classes_are_matched_by_name() -> None:
    assert class_ids_by_name(("bus", "cow", "cup"), CLASSES) == {0: 1, 2: 0}


def test_warning_names_class_parent_and_figures() -> None:
    rows = (
        ClassChange("cup", 10, 0.8, 0.5, (-0.4, -0.2), worse=True),
        ClassChange("bus", 10, 0.8, 0.79, (-0.1, 0.1), worse=False),
    )
    [sentence] = comparison.warnings_of(ParentReport(7, "Old", 0.8, rows))
    assert "“cup” got worse than in the parent Old: AP50 0.50 after 0.80" in sentence
