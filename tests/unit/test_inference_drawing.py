"""Boxes drawn into a picture: where they are, and words in any script."""

import numpy as np
import pytest

from tpod_core.geometry import Box
from tpod_core.inference.drawing import Mark, draw

GREEN, BLUE = (0, 200, 0), (200, 60, 0)


def grey(wh: tuple[int, int] = (320, 200)) -> np.ndarray:
    return np.full((wh[1], wh[0], 3), 60, np.uint8)


def test_box_is_drawn_on_its_edges_and_leaves_its_inside() -> None:
    picture = draw(grey(), [Mark(Box(100, 80, 200, 160), "cup", GREEN)])
    assert tuple(picture[120, 100]) == GREEN
    assert tuple(picture[160, 150]) == GREEN
    assert tuple(picture[120, 150]) == (60, 60, 60)


def test_picture_that_is_given_stays_as_it_was() -> None:
    image = grey()
    draw(image, [Mark(Box(100, 80, 200, 160), "cup", GREEN)])
    assert (image == 60).all()


def test_first_mark_lies_on_top() -> None:
    box = Box(100, 80, 200, 160)
    picture = draw(grey(), [Mark(box, "cup", GREEN), Mark(box, "bus", BLUE)])
    assert tuple(picture[120, 100]) == GREEN


@pytest.mark.parametrize(
    "box",
    [Box(0, 0, 320, 200), Box(-5, -5, 20, 20), Box(300, 190, 320, 200), Box(0, 0, 1, 1)],
    ids=["whole", "over the corner", "last corner", "dot"],
)
def test_words_stay_inside_the_picture(box: Box) -> None:
    plated = draw(grey(), [Mark(box, "a rather long label 0.93", GREEN)])
    bare = draw(grey(), [Mark(box, "", GREEN)])
    assert (plated != bare).any()
    assert plated.shape == (200, 320, 3)


@pytest.mark.parametrize("name", ["größe", "чашка", "杯子", "كوب"])
def test_words_of_other_scripts_are_no_question_marks(name: str) -> None:
    box = Box(100, 80, 200, 160)
    asked = draw(grey(), [Mark(box, "?" * len(name), GREEN)])
    assert (draw(grey(), [Mark(box, name, GREEN)]) != asked).any()
