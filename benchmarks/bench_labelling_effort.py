"""How many key frames a person must draw: propagation from the pixels beside straight lines.

Key frames are taken from the truth. The truth of TUD-Campus (as of TLP and PETS elsewhere)
looks interpolated itself, which flatters straight lines; it is counted all the same.
"""

import math
import sys
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks._tracks import (
    Boxes,
    Filmed,
    Object,
    Propagated,
    evenly,
    fit,
    linear,
    middle_of_longest,
    sequences,
    spaced,
)

PERIODS = (10, 20, 50, 100, 150)
WANTED_IOU = 0.8
GOOD_IOU = 0.7
RATIO_LIMIT, RATIO_AIM = 0.35, 0.25

Fit = NDArray[np.float64]


def fewest(length: int, mean_iou: Callable[[tuple[int, ...]], float]) -> int:
    """The smallest number of evenly spaced key frames that is good enough."""
    counts = range(2, length + 1)
    return next(n for n in counts if mean_iou(evenly(length, n)) >= WANTED_IOU)


def guided(wanted: Object, propagated: Propagated) -> int:
    """Key frames until good enough, always drawing the frame that is proposed."""
    places = [0, len(wanted.truth) - 1]
    while fit(propagated.boxes(places), wanted.truth).mean() < WANTED_IOU:
        places = sorted({*places, propagated.proposed_place(places)})
    return len(places)


def bisected(truth: Boxes, boxes: Callable[[list[int]], Boxes]) -> int:
    """Key frames until ``boxes`` are good enough, always halving the longest gap."""
    places = [0, len(truth) - 1]
    while fit(boxes(places), truth).mean() < WANTED_IOU:
        places = sorted({*places, middle_of_longest(places)})
    return len(places)


def print_periods(video: Filmed, made: list[Propagated]) -> None:
    for period in PERIODS:
        ours, plain = [], []
        for wanted, propagated in zip(video.objects, made, strict=True):
            places = spaced(len(wanted.truth), period)
            ours.append(fit(propagated.boxes(places), wanted.truth))
            plain.append(fit(linear(wanted.truth, places), wanted.truth))
        print(f"{video.name:12} {period:5}   {_fit(plain)}   {_fit(ours)}", flush=True)


def _fit(parts: list[Fit]) -> str:
    every = np.concatenate(parts)
    return f"{every.mean():.3f} {(every >= GOOD_IOU).mean():6.1%}"


def count_all(video: Filmed, made: list[Propagated]) -> tuple[int, ...]:
    """Key frames over all objects: lines, ours, ours guided, ours and lines by bisection."""
    totals = np.zeros(5, int)
    for wanted, propagated in zip(video.objects, made, strict=True):
        truth, length = wanted.truth, len(wanted.truth)
        totals += [
            fewest(length, lambda places, t=truth: fit(linear(t, places), t).mean()),
            fewest(length, lambda places, t=truth, p=propagated: fit(p.boxes(places), t).mean()),
            guided(wanted, propagated),
            bisected(truth, propagated.boxes),
            bisected(truth, lambda places, t=truth: linear(t, places)),
        ]
    return tuple(int(total) for total in totals)


def main() -> int:
    cv2.setNumThreads(1)
    videos = sequences()
    made = {video.name: [Propagated(video, one) for one in video.objects] for video in videos}
    print("mean IoU and share of frames with IoU >= 0.7, key frames every K frames")
    print(f"{'':12} {'K':>5}   {'linear':12}   ours")
    for video in videos:
        print_periods(video, made[video.name])
    print(f"\nkey frames per 100 frames for mean IoU >= {WANTED_IOU}")
    print(f"{'':12} linear   ours  ratio   ours, worst first   ours, bisected   linear, bisected")
    ratios = []
    for video in videos:
        plain, ours, led, halved, plain_halved = count_all(video, made[video.name])
        per = 100 / sum(len(wanted.truth) for wanted in video.objects)
        ratios.append(ours / plain)
        print(
            f"{video.name:12} {plain * per:6.2f} {ours * per:6.2f} {ratios[-1]:6.2f}"
            f"   {led * per:6.2f} ({led} against {ours})   {halved * per:6.2f} ({halved})"
            f"   {plain_halved * per:13.2f} ({plain_halved})",
            flush=True,
        )
    mean = math.exp(sum(math.log(ratio) for ratio in ratios) / len(ratios))
    print(f"geometric mean {mean:.3f}   (limit {RATIO_LIMIT}, aim {RATIO_AIM})")
    print(f"worst sequence {max(ratios):.2f}   (limit 1)")
    return 0 if mean <= RATIO_LIMIT and max(ratios) <= 1 else 1


if __name__ == "__main__":
    sys.exit(main())
