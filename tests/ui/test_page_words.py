"""The words that several screens use."""

import pytest

from pages._shared.options import distinct
from pages._shared.page import counted, duration_text
from tpod_core.models import TrainingSet


@pytest.mark.parametrize(
    ("count", "noun", "words"),
    [
        (0, "frame", "0 frames"),
        (1, "frame", "1 frame"),
        (1200, "frame", "1,200 frames"),
        (1, "box", "1 box"),
        (2, "box", "2 boxes"),
    ],
)
def test_counted_things_are_in_the_right_number(count: int, noun: str, words: str) -> None:
    assert counted(count, noun) == words


@pytest.mark.parametrize(
    ("duration_s", "words"),
    [(0.3, "0.3 s"), (0.99, "0:01"), (4, "0:04"), (65, "1:05"), (3725, "1:02:05")],
)
def test_durations_are_read_at_a_glance(duration_s: float, words: str) -> None:
    assert duration_text(duration_s) == words


def test_options_of_the_same_name_are_told_apart() -> None:
    rows = [TrainingSet(id=3, name="cups"), TrainingSet(id=5, name="cups"), TrainingSet(id=8)]
    text = distinct(rows, lambda row: row.name or "bowls")
    assert [text(row) for row in rows] == ["cups (no. 3)", "cups (no. 5)", "bowls"]
