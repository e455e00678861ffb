"""The words that several screens use."""

import re

import pytest

from pages._shared.options import distinct
from pages._shared.page import counted, duration_text, escape_md, rate_text
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
    [
        (0.04, "0.04 s"),
        (0.3, "0.3 s"),
        (0.99, "0:01"),
        (4, "0:04"),
        (65, "1:05"),
        (3725, "1:02:05"),
    ],
)
def test_durations_are_read_at_a_glance(duration_s: float, words: str) -> None:
    assert duration_text(duration_s) == words


@pytest.mark.parametrize(
    ("fps", "words"), [(30, "30 fps"), (30000 / 1001, "29.97 fps"), (0.4, "0.4 fps")]
)
def test_frame_rates_are_read_at_a_glance(fps: float, words: str) -> None:
    assert rate_text(fps) == words


def test_options_of_the_same_name_are_told_apart() -> None:
    rows = [TrainingSet(id=3, name="cups"), TrainingSet(id=5, name="cups"), TrainingSet(id=8)]
    text = distinct(rows, lambda row: row.name or "bowls")
    assert [text(row) for row in rows] == ["cups (no. 3)", "cups (no. 5)", "bowls"]


def test_names_are_markdown_that_reads_as_they_do() -> None:
    typed = "![x](y) *z* #1 a_b `c` <i> &lt;"
    escaped = escape_md(typed)
    assert re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", escaped) == typed
    assert not re.search(r"(?<!\\)[!-/:-@\[\]-`{-~]", escaped)


@pytest.mark.parametrize("replaced", [":material/home:", "->", "https://x.y", "www.x.y", "a@b.c"])
def test_signs_that_streamlit_would_replace_are_parted(replaced: str) -> None:
    assert replaced not in escape_md(replaced).replace("\\", "")
    assert escape_md(replaced).replace("\\", "").replace("\u2060", "") == replaced


def test_line_breaks_in_a_sentence_do_not_end_its_paragraph() -> None:
    assert escape_md("one\n\n- two") == "one  \\- two"
