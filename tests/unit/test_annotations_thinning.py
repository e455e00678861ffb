"""Dense tracks thinned to key frames: true everywhere, and never one too many."""

import itertools
import time

import numpy as np
import pytest

from tpod_core.annotations.detected import detected_keyframes
from tpod_core.annotations.interpolation import derive
from tpod_core.annotations.thinning import Observation, thin
from tpod_core.geometry import Box, interpolate, iou
from tpod_core.models import KeyframeSource


def wandering(count: int, seed: int, jitter_px: float = 1.0, step: int = 1) -> list[Observation]:
    """A box that walks with changing speed and size, seen with a little noise."""
    random = np.random.default_rng(seed)
    speed = np.cumsum(random.normal(0, 0.3, (count, 2)), axis=0)
    corner = 300 + np.cumsum(speed, axis=0) + random.normal(0, jitter_px, (count, 2))
    sides = (
        60
        + 15 * np.sin(np.arange(count)[:, None] / (9, 14))
        + random.normal(0, jitter_px, (count, 2))
    )
    rows = np.hstack([corner, corner + sides])
    return [Observation(number * step, Box(*row)) for number, row in enumerate(rows.tolist())]


def is_true(observed: list[Observation], kept: list[int] | tuple[int, ...], at: float) -> bool:
    """Written plainly, as the straight line of ``annotations.interpolation``."""
    for left, right in itertools.pairwise(kept):
        a, b = observed[left], observed[right]
        for between in observed[left + 1 : right]:
            share = (between.frame - a.frame) / (b.frame - a.frame)
            if iou(interpolate(a.box, b.box, share), between.box) < at - 1e-6:
                return False
    return True


def fewest(observed: list[Observation], tolerance: float) -> int:
    """By trying every choice."""
    inner = range(1, len(observed) - 1)
    for count in range(len(observed) - 1):
        for chosen in itertools.combinations(inner, count):
            if is_true(observed, (0, *chosen, len(observed) - 1), tolerance):
                return count + 2
    raise AssertionError("keeping all of them is always true")


def test_even_motion_keeps_its_two_ends() -> None:
    observed = [Observation(n, Box(3 * n, n, 3 * n + 40, n + 30)) for n in range(200)]
    assert thin(observed) == [0, 199]


def test_turn_is_kept() -> None:
    places = [*range(0, 100, 5), *range(100, -1, -5)]
    observed = [Observation(n, Box(x, 0, x + 40, 30)) for n, x in enumerate(places)]
    assert thin(observed, tolerance=0.999) == [0, 20, 40]


def test_single_observation_is_kept() -> None:
    assert thin([Observation(7, Box(0, 0, 10, 10))]) == [0]


@pytest.mark.parametrize("tolerance", [0.7, 0.8, 0.9, 0.95])
@pytest.mark.parametrize("seed", range(4))
def test_every_observation_keeps_its_iou(tolerance: float, seed: int) -> None:
    observed = wandering(300, seed, step=3)
    kept = thin(observed, tolerance)
    assert (kept[0], kept[-1]) == (0, 299)
    assert is_true(observed, kept, tolerance)


@pytest.mark.parametrize("seed", range(30))
def test_fewest_possible_are_kept(seed: int) -> None:
    observed = wandering(11, seed, jitter_px=2.0)
    for tolerance in (0.75, 0.85, 0.9):
        assert len(thin(observed, tolerance)) == fewest(observed, tolerance)


def test_frames_apart_by_unequal_steps_are_weighed_by_time() -> None:
    observed = [Observation(n, Box(2 * n, 0, 2 * n + 40, 30)) for n in (0, 1, 2, 9, 10, 30)]
    assert thin(observed, 0.99) == [0, 5]


def test_key_frames_are_at_most_a_window_apart() -> None:
    observed = [Observation(n, Box(0, 0, 10, 10)) for n in range(21)]
    assert thin(observed, window=8) == [0, 8, 16, 20]


def test_long_noisy_track_is_thinned_in_seconds() -> None:
    observed = wandering(10_000, 1, jitter_px=0.5)
    start = time.perf_counter()
    kept = thin(observed)
    assert time.perf_counter() - start < 10
    assert len(kept) < 2_500


def test_gap_is_outside_and_what_follows_begins_anew() -> None:
    box = Box(0, 0, 40, 30)
    observed = [Observation(n, box) for n in (*range(5, 10), *range(30, 35))]
    keyframes = detected_keyframes(observed, step=1, longest_gap=5, frame_count=40)
    assert [(each.frame, each.outside) for each in keyframes] == [
        (5, False),
        (9, False),
        (10, True),
        (30, False),
        (34, False),
        (35, True),
    ]
    assert {each.source for each in keyframes} == {KeyframeSource.DETECTED}
    shown = [each.frame for each, _ in derive(keyframes, range(40))]
    assert shown == [*range(5, 10), *range(30, 35)]


def test_short_gap_is_bridged_by_the_line() -> None:
    observed = [Observation(n, Box(n, 0, n + 40, 30)) for n in (0, 1, 5, 6)]
    keyframes = detected_keyframes(observed, step=1, longest_gap=4, frame_count=7)
    assert [each.frame for each in keyframes] == [0, 6]


def test_object_seen_to_the_end_has_no_end() -> None:
    observed = [Observation(n, Box(0, 0, 40, 30)) for n in (0, 3, 6, 9)]
    keyframes = detected_keyframes(observed, step=3, longest_gap=6, frame_count=11)
    assert [(each.frame, each.outside) for each in keyframes] == [(0, False), (9, False)]
    longer = detected_keyframes(observed, step=3, longest_gap=6, frame_count=12)
    assert (longer[-1].frame, longer[-1].outside) == (11, True)
