"""The demo's truth is true: each box is exactly where its object was painted."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from tpod_core.services.demo.scene import FRAME_COUNT, FRAME_WH, SCENES, Scene, render

pytestmark = pytest.mark.slow

MIDDLE = FRAME_COUNT // 2


def frame_of(scene: Scene, index: int):  # type: ignore[no-untyped-def]
    return next(islice(render(scene), index, None))


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_box_encloses_exactly_the_pixels_of_its_actor(scene: Scene) -> None:
    top_actor = len(scene.actors) - 1
    shown = frame_of(scene, MIDDLE)
    without = frame_of(replace(scene, actors=scene.actors[:top_actor]), MIDDLE)
    changed = np.abs(shown.image.astype(int) - without.image.astype(int)).max(axis=2) > 12
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    box = shown.boxes[top_actor]
    assert box is not None
    assert columns[0] == pytest.approx(box.x1, abs=3)
    assert columns[-1] + 1 == pytest.approx(box.x2, abs=3)
    assert rows[0] == pytest.approx(box.y1, abs=3)
    assert rows[-1] + 1 == pytest.approx(box.y2, abs=3)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_scene_renders_the_same_twice(scene: Scene) -> None:
    first, second = frame_of(scene, 5), frame_of(scene, 5)
    assert np.array_equal(first.image, second.image)
    assert first.boxes == second.boxes


def test_boxes_stay_inside_the_frame_and_actors_leave_it() -> None:
    boxes = [box for scene in SCENES for frame in render(scene) for box in frame.boxes]
    width, height = FRAME_WH
    assert all(
        0 <= box.x1 < box.x2 <= width and 0 <= box.y1 < box.y2 <= height for box in boxes if box
    )
    assert None in boxes, "a demo without a track that ends teaches nothing about ending one"
