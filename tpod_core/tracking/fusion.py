"""One path out of two pursuits and two plain paths between the same two human boxes.

On each frame the box is taken that promises the highest IoU with the truth, whatever that is
(least Bayes risk over the states of ``belief``), changing between paths where they are near
each other. Then what deviates from the plain path is shrunk by the noise that it carries
(James and Stein, 1961): jitter goes, and without evidence the plain path stays.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tpod_core.box_arrays import iou
from tpod_core.tracking.boxes import Boxes, cornered, placed, side
from tpod_core.tracking.hmm import BACKWARD, BOTH, FORWARD, NEITHER, Belief, posterior

_PLAIN_AT_ONCE = 0.9
_PLAIN_FRAMES = 60.0
"""The longer a gap, the less likely that the object went straight."""
_PLAIN_TRUST = 0.9
"""What a plain path is worth where it is right and no pursuit is on the object."""
_PLAIN_GUESS = 0.15
"""What it is worth where nothing is right."""
_CHANGE_COST = 0.5
_NOISE = 0.03
"""Of a followed box, in sides of the box; the truth itself is no better."""
_DRIFT_PER_ROOT_FRAME = 0.02
"""Of a pursuit that the other one does not confirm."""
_DRIFT_FRAMES = 30
_BEND = 0.1
"""Deviation from the straight line, in sides, that is expected before any is known."""
_SMOOTHING_SHARE = 0.2

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Paths:
    """Boxes (n, 4) on each frame from one human box to the next, both included.

    ``straight`` is so in the picture, ``steady`` over the ground as the camera moves.
    ``blind``: where the forward and the backward pursuit saw nothing: (n,) 1, else 0.
    """

    forward: Boxes
    backward: Boxes
    straight: Boxes
    steady: Boxes
    blind: tuple[Values, Values] | None = None


@dataclass(frozen=True)
class Fused:
    """The path (n, 4), and the IoU with the truth (n,) that it promises."""

    boxes_xyxy: Boxes
    promise: Values


def fuse(paths: Paths, bends: list[Values]) -> Fused:
    """The best path.

    Args:
        bends: how far human boxes of the same track lie from the straight line between their
            neighbours: centre x, y, half width, half height, in sides of the box. May be empty.
    """
    plain = [paths.straight, paths.steady]
    belief = posterior(
        iou(paths.forward, paths.backward),
        [(iou(paths.forward, path), iou(paths.backward, path)) for path in plain],
        _prior(len(paths.forward)),
        paths.blind,
    )
    chosen, promise = _least_risk(paths, belief)
    anchor = plain[int(belief.hypothesis[2] > belief.hypothesis[1])]
    return Fused(_shrunk(chosen, anchor, paths, belief.marginal, bends), promise)


def _prior(count: int) -> Values:
    straight = _PLAIN_AT_ONCE * float(np.exp(-count / _PLAIN_FRAMES))
    straight = max(straight, 1e-4)
    return np.array([1 - straight, straight / 2, straight / 2])


def _least_risk(paths: Paths, belief: Belief) -> tuple[Boxes, Values]:
    marginal = belief.marginal
    share = np.linspace(0, 1, len(marginal))
    ahead = (marginal[:, FORWARD] + marginal[:, BOTH] + 1e-6) * (1 - share)
    back = (marginal[:, BACKWARD] + marginal[:, BOTH] + 1e-6) * share
    towards_right = (back / (ahead + back))[:, None]
    mean = (1 - towards_right) * paths.forward + towards_right * paths.backward
    candidates = np.stack([paths.forward, paths.backward, mean, paths.straight, paths.steady])
    weights = _weights(paths, belief)
    agreement = np.stack([[iou(one, other) for other in candidates] for one in candidates])
    promise = np.einsum("con,no->nc", agreement, weights)
    chosen = _cheapest(promise, _CHANGE_COST * (1 - agreement))
    frames = np.arange(len(promise))
    return candidates[chosen, frames], promise[frames, chosen]


def _weights(paths: Paths, belief: Belief) -> Values:
    """(n, 5): how much each candidate is the truth, as far as one is."""
    marginal = belief.marginal
    confirmed = (1 + iou(paths.forward, paths.backward)) / 2
    right = _PLAIN_TRUST * belief.state[:, 1:, NEITHER] * belief.hypothesis[None, 1:]
    guess = _PLAIN_GUESS * belief.state[:, 0, NEITHER] * belief.hypothesis[0]
    return np.stack(
        [
            marginal[:, FORWARD],
            marginal[:, BACKWARD],
            marginal[:, BOTH] * confirmed,
            right[:, 0] + guess,
            right[:, 1] + guess,
        ],
        axis=1,
    )


def _cheapest(promise: Values, change: Values) -> NDArray[np.int64]:
    """The sequence of candidates with the most promise less the cost of changes (Viterbi).

    Args:
        promise: (n, candidates).
        change: (candidates, candidates, n).
    """
    best, origins = promise[0], []
    for frame in range(1, len(promise)):
        reached = best[:, None] - change[:, :, frame]
        origins.append(reached.argmax(0))
        best = reached.max(0) + promise[frame]
    sequence = [int(best.argmax())]
    for origin in reversed(origins):
        sequence.append(int(origin[sequence[-1]]))
    return np.array(sequence[::-1], np.int64)


def _shrunk(
    chosen: Boxes, anchor: Boxes, paths: Paths, marginal: Values, bends: list[Values]
) -> Boxes:
    """``chosen``, drawn towards ``anchor`` where the difference may be noise."""
    count = len(chosen)
    sides = side(anchor)[:, None]
    deviation = placed(chosen - anchor) / sides
    share = np.linspace(0, 1, count)
    bridge = share * (1 - share)
    differing = placed(paths.forward - paths.backward) / sides
    seen_noise = (differing**2) * (bridge * marginal[:, BOTH])[:, None]
    walked = _unconfirmed(marginal)
    kept = np.empty_like(deviation)
    for columns in (slice(0, 2), slice(2, 4)):
        floor = _NOISE**2 + _DRIFT_PER_ROOT_FRAME**2 * walked
        noise = _smooth(seen_noise[:, columns].sum(1)) + floor
        energy = _smooth((deviation[:, columns] ** 2).sum(1))
        keep = np.clip(1 - noise / np.maximum(energy, 1e-9), 0, 1)
        if bends:
            known = sum(float((bend[columns] ** 2).sum()) for bend in bends) / 2
            expected = (known + _BEND**2) / (len(bends) + 1) * 4 * bridge
            keep = np.minimum(keep, expected / (expected + floor))
        kept[:, columns] = deviation[:, columns] * keep[:, None]
    return anchor + cornered(kept * sides)


def _unconfirmed(marginal: Values) -> Values:
    """Frames since the last human box, where only one pursuit is on the object."""
    since = np.arange(len(marginal))
    walked = marginal[:, FORWARD] * since + marginal[:, BACKWARD] * since[::-1]
    return np.minimum(walked, _DRIFT_FRAMES)


def _smooth(values: Values) -> Values:
    width = max(3, int(len(values) * _SMOOTHING_SHARE))
    kernel = np.hanning(width + 2)[1:-1]
    padded = np.pad(values, width, mode="edge")
    return np.convolve(padded, kernel / kernel.sum(), "same")[width:-width]
