"""Is the frame that is proposed for correction the right one? On stretches of real tracks.

Each stretch begins with its first and last box. Then one box after the other is drawn from the
truth: on the proposed frame; in the middle of the longest gap, as one does by hand; and on the
frame that the same rule would propose if it knew the truth, the most that better doubt can bring.
Against them stand evenly spaced boxes, drawn afresh for each count: to use those, one has to
know the right count before the first box is drawn.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks._tracks import (
    Filmed,
    Object,
    Propagated,
    evenly,
    fit,
    heaviest,
    middle_of_longest,
    sequences,
)

STRETCH_FRAMES, LEAST_FRAMES = 130, 40
MOST_BOXES = 8
WANTED_IOUS = (0.8, 0.85, 0.9)
NO_LOSS = 0.02
"""Added to losses before they are compared: smaller ones are those of the truth itself."""

Values = NDArray[np.float64]
Places = Sequence[int]
Rule = Callable[[Object, Propagated, Places], int]


def every_second(video: Filmed) -> Filmed:
    """As if all moved twice as fast."""
    objects = [Object((one.first + 1) // 2, one.truth[one.first % 2 :: 2]) for one in video.objects]
    return Filmed(f"{video.name} x2", video.images[::2], tuple(objects))


def stretches(video: Filmed) -> Iterator[Object]:
    """Its objects, each in parts of about the same length."""
    for one in video.objects:
        parts = max(1, round(len(one.truth) / STRETCH_FRAMES))
        for places in np.array_split(np.arange(len(one.truth)), parts):
            if len(places) >= LEAST_FRAMES:
                yield Object(one.first + int(places[0]), one.truth[places])


def proposed(_wanted: Object, made: Propagated, places: Places) -> int:
    return made.proposed_place(places)


def halved(_wanted: Object, _made: Propagated, places: Places) -> int:
    return middle_of_longest(places)


def told_the_truth(wanted: Object, made: Propagated, places: Places) -> int:
    wrong = 1 - fit(made.boxes(places), wanted.truth)
    known = []
    for one in made.stretches(places):
        start = one.start - wanted.first
        known.append(replace(one, uncertainty=wrong[start : start + len(one)]))
    return made.place_of(heaviest(known), places)


RULES: dict[str, Rule] = {
    "proposed": proposed,
    "longest gap": halved,
    "told the truth": told_the_truth,
}


def guided(rule: Rule, wanted: Object, made: Propagated) -> Values:
    """Mean IoU with 2 to ``MOST_BOXES`` boxes."""
    places, means = [0, len(wanted.truth) - 1], []
    while True:
        means.append(fit(made.boxes(places), wanted.truth).mean())
        if len(places) == MOST_BOXES:
            return np.array(means)
        places = sorted({*places, rule(wanted, made, places)})


def spaced_evenly(wanted: Object, made: Propagated) -> Values:
    length = len(wanted.truth)
    counts = range(2, MOST_BOXES + 1)
    return np.array([fit(made.boxes(evenly(length, n)), wanted.truth).mean() for n in counts])


def boxes_needed(means: Values, iou: float) -> int:
    """One more than the most where that is not enough."""
    return 2 + int(np.argmax([*(means >= iou), True]))


def loss_beside(means: Values, even: Values) -> float:
    """The logarithm of the loss of IoU beside even spacing, mean over 3 boxes and more."""
    losses = [np.log(1 - each[1:] + NO_LOSS) for each in (means, even)]
    return float((losses[0] - losses[1]).mean())


def print_rules(title: str, curves: list[dict[str, Values]]) -> dict[str, float]:
    """Each rule's loss beside even spacing, the geometric mean over stretches."""
    print(f"\n{title}, {len(curves)} stretches")
    found = {}
    for name in curves[0]:
        losses = np.array([loss_beside(each[name], each["evenly spaced"]) for each in curves])
        error = losses.std() / len(losses) ** 0.5
        counts = [sum(boxes_needed(each[name], iou) for each in curves) for iou in WANTED_IOUS]
        found[name] = float(np.exp(losses.mean()))
        told = "  ".join(f"{count:4}" for count in counts)
        print(f"{name:15} {found[name]:.3f} ±{error:.3f}   {told}", flush=True)
    return found


def play(video: Filmed) -> Iterator[dict[str, Values]]:
    for wanted in stretches(video):
        made = Propagated(video, wanted)
        yield {"evenly spaced": spaced_evenly(wanted, made)} | {
            name: guided(rule, wanted, made) for name, rule in RULES.items()
        }


def main() -> int:
    cv2.setNumThreads(1)
    print(f"loss of IoU with 3 to {MOST_BOXES} boxes beside as many evenly spaced ones,")
    print(f"and boxes until mean IoU {', '.join(map(str, WANTED_IOUS))}")
    curves = []
    for video in sequences():
        for shown in (video, every_second(video)):
            if found := list(play(shown)):
                print_rules(shown.name, found)
                curves += found
    losses = print_rules("all", curves)
    return 0 if losses["proposed"] <= min(losses["longest gap"], 1) else 1


if __name__ == "__main__":
    sys.exit(main())
