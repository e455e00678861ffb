"""Boxes: numbers by hand."""

import pytest

from tpod_core.geometry import Box, clip, interpolate, iou


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        pytest.param(Box(0, 0, 10, 10), Box(0, 0, 10, 10), 1.0, id="same"),
        pytest.param(Box(0, 0, 10, 10), Box(5, 0, 15, 10), 50 / 150, id="half"),
        pytest.param(Box(0, 0, 10, 10), Box(10, 0, 20, 10), 0.0, id="touching"),
        pytest.param(Box(0, 0, 10, 10), Box(2, 2, 4, 4), 4 / 100, id="inside"),
        pytest.param(Box(0, 0, 0, 0), Box(0, 0, 0, 0), 0.0, id="empty"),
    ],
)
def test_iou_is_overlap_over_union(a: Box, b: Box, expected: float) -> None:
    assert iou(a, b) == pytest.approx(expected)
    assert iou(b, a) == pytest.approx(expected)


def test_interpolate_midway_is_the_mean() -> None:
    assert interpolate(Box(0, 0, 10, 10), Box(10, 0, 20, 10), 0.5) == Box(5, 0, 15, 10)


def test_interpolate_moves_each_edge_on_its_own() -> None:
    assert interpolate(Box(0, 0, 10, 10), Box(0, 0, 30, 50), 0.25) == Box(0, 0, 15, 20)


def test_clip_keeps_what_is_inside_the_frame() -> None:
    assert clip(Box(-5, 2, 30, 99), (20, 10)) == Box(0, 2, 20, 10)


def test_clip_of_a_box_outside_is_empty() -> None:
    assert clip(Box(-9, 0, -1, 5), (20, 10)).area == 0
