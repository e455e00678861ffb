"""Draw and go on at once: no box is lost, none is filed under another frame."""

import pytest

from tests.browser.annotator import Annotator, near

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TRIES, ROUND = 200, 50
DELAYS_MS = (0, 10, 20, 40, 80, 120, 160, 200, 250, 300)


@pytest.mark.parametrize("first", range(0, TRIES, ROUND))
def test_draw_then_next_at_once_loses_none_in_200_tries(screen: Annotator, first: int):
    def place(frame: int) -> tuple[int, int, int, int]:
        x, y = 20 + 60 * (frame % 10), 40 + 60 * (frame // 10)
        return x, y, x + 30, y + 30

    for frame in range(ROUND):
        screen.draw(*place(frame))
        if delay := DELAYS_MS[(first + frame) % len(DELAYS_MS)]:
            screen.page.wait_for_timeout(delay)
        screen.step("ArrowRight", frame + 1)
    screen.wait_boxes(ROUND, lambda boxes: len(boxes) == ROUND)
    for each in screen.document()["tracks"]:
        (keyframe,) = each["keyframes"]
        assert near(keyframe, *place(keyframe["frame"]))
