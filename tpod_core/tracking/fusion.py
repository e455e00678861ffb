"""Fuses the forward and backward trajectories with two interpolated paths between two anchors.

Each frame gets the box with the highest expected IoU (minimum Bayes risk over the states of
``hmm``), and changes between paths cost more the further these are apart. Then the deviation
from the interpolated path is shrunk by its estimated noise (James and Stein, 1961). This removes
jitter, and keeps the interpolated path where there is no evidence for another one.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tpod_core.box_arrays import iou
from tpod_core.tracking.boxes import Boxes, mean_side, to_center_form, to_corner_form
from tpod_core.tracking.hmm import BACKWARD, BOTH, FORWARD, NEITHER, Posterior, posterior

_INTERPOLATED_PRIOR = 0.9
_INTERPOLATED_PRIOR_FRAMES = 60.0
"""The decay length of that prior: in a longer gap a linear movement is less likely."""
_INTERPOLATED_WEIGHT = 0.9
"""Weight of an interpolated path that is right where neither trajectory is on the object."""
_FALLBACK_WEIGHT = 0.15
"""Weight of an interpolated path where no path is right."""
_CHANGE_COST = 0.5
_NOISE = 0.03
"""Noise of a tracked box, in sides of the box; annotated boxes are about as noisy."""
_DRIFT_PER_ROOT_FRAME = 0.02
"""Drift of a trajectory that the other one does not confirm."""
_DRIFT_FRAMES = 30
_PRIOR_DEVIATION = 0.1
"""The prior deviation from the straight line, in sides of the box."""
_SMOOTHING_SHARE = 0.2

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Paths:
    """The candidate paths between two anchors, both included: (n, 4) each.

    ``linear`` is interpolated in the picture, ``stabilized`` with camera motion compensation.
    ``no_response`` holds (n,) of the forward and the backward trajectory: 1 on frames without
    a response peak, else 0.
    """

    forward: Boxes
    backward: Boxes
    linear: Boxes
    stabilized: Boxes
    no_response: tuple[Values, Values] | None = None


@dataclass(frozen=True)
class Fused:
    """The fused path (n, 4), and its expected IoU with the truth (n,)."""

    boxes_xyxy: Boxes
    expected_iou: Values


def fuse(paths: Paths, deviations: list[Values]) -> Fused:
    """Returns the path with the highest expected IoU, less its noise.

    Args:
        deviations: how far annotated boxes of the same track lie from the line between their
            neighbours: centre x, y, half width, half height, in sides of the box. May be empty.
    """
    interpolated = [paths.linear, paths.stabilized]
    states = posterior(
        iou(paths.forward, paths.backward),
        [(iou(paths.forward, path), iou(paths.backward, path)) for path in interpolated],
        _prior(len(paths.forward)),
        paths.no_response,
    )
    path, expected_iou = _minimum_risk_path(paths, states)
    base = interpolated[int(states.hypothesis[2] > states.hypothesis[1])]
    return Fused(_shrink(path, base, paths, states.marginal, deviations), expected_iou)


def _prior(count: int) -> Values:
    interpolated = _INTERPOLATED_PRIOR * float(np.exp(-count / _INTERPOLATED_PRIOR_FRAMES))
    interpolated = max(interpolated, 1e-4)
    return np.array([1 - interpolated, interpolated / 2, interpolated / 2])


def _minimum_risk_path(paths: Paths, states: Posterior) -> tuple[Boxes, Values]:
    marginal = states.marginal
    share = np.linspace(0, 1, len(marginal))
    forward = (marginal[:, FORWARD] + marginal[:, BOTH] + 1e-6) * (1 - share)
    backward = (marginal[:, BACKWARD] + marginal[:, BOTH] + 1e-6) * share
    backward_share = (backward / (forward + backward))[:, None]
    mean = (1 - backward_share) * paths.forward + backward_share * paths.backward
    candidates = np.stack([paths.forward, paths.backward, mean, paths.linear, paths.stabilized])
    weights = _weights(paths, states)
    agreement = np.stack([[iou(one, other) for other in candidates] for one in candidates])
    expected_iou = np.einsum("con,no->nc", agreement, weights)
    chosen = _viterbi(expected_iou, _CHANGE_COST * (1 - agreement))
    frames = np.arange(len(expected_iou))
    return candidates[chosen, frames], expected_iou[frames, chosen]


def _weights(paths: Paths, states: Posterior) -> Values:
    """Returns (n, 5): the probability that each candidate is right."""
    marginal = states.marginal
    confirmed = (1 + iou(paths.forward, paths.backward)) / 2
    neither, hypothesis = states.state[:, :, NEITHER], states.hypothesis
    right = _INTERPOLATED_WEIGHT * neither[:, 1:] * hypothesis[None, 1:]
    fallback = _FALLBACK_WEIGHT * neither[:, 0] * hypothesis[0]
    return np.stack(
        [
            marginal[:, FORWARD],
            marginal[:, BACKWARD],
            marginal[:, BOTH] * confirmed,
            right[:, 0] + fallback,
            right[:, 1] + fallback,
        ],
        axis=1,
    )


def _viterbi(expected_iou: Values, change_cost: Values) -> NDArray[np.int64]:
    """Returns the candidate of each frame with the highest total, less the cost of changes.

    Args:
        expected_iou: (n, candidates).
        change_cost: (candidates, candidates, n).
    """
    best, origins = expected_iou[0], []
    for frame in range(1, len(expected_iou)):
        reached = best[:, None] - change_cost[:, :, frame]
        origins.append(reached.argmax(0))
        best = reached.max(0) + expected_iou[frame]
    sequence = [int(best.argmax())]
    for origin in reversed(origins):
        sequence.append(int(origin[sequence[-1]]))
    return np.array(sequence[::-1], np.int64)


def _shrink(
    path: Boxes, base: Boxes, paths: Paths, marginal: Values, deviations: list[Values]
) -> Boxes:
    """Shrinks ``path`` towards ``base`` where their difference may be noise."""
    count = len(path)
    sides = mean_side(base)[:, None]
    deviation = to_center_form(path - base) / sides
    share = np.linspace(0, 1, count)
    bridge = share * (1 - share)
    disagreement = to_center_form(paths.forward - paths.backward) / sides
    measured_noise = (disagreement**2) * (bridge * marginal[:, BOTH])[:, None]
    drift_frames = _unconfirmed_frames(marginal)
    kept = np.empty_like(deviation)
    for columns in (slice(0, 2), slice(2, 4)):
        floor = _NOISE**2 + _DRIFT_PER_ROOT_FRAME**2 * drift_frames
        noise = _smooth(measured_noise[:, columns].sum(1)) + floor
        energy = _smooth((deviation[:, columns] ** 2).sum(1))
        factor = np.clip(1 - noise / np.maximum(energy, 1e-9), 0, 1)
        if deviations:
            known = sum(float((each[columns] ** 2).sum()) for each in deviations) / 2
            expected = (known + _PRIOR_DEVIATION**2) / (len(deviations) + 1) * 4 * bridge
            factor = np.minimum(factor, expected / (expected + floor))
        kept[:, columns] = deviation[:, columns] * factor[:, None]
    return base + to_corner_form(kept * sides)


def _unconfirmed_frames(marginal: Values) -> Values:
    """Returns the expected frames since an anchor with only one trajectory on the object."""
    since = np.arange(len(marginal))
    frames = marginal[:, FORWARD] * since + marginal[:, BACKWARD] * since[::-1]
    return np.minimum(frames, _DRIFT_FRAMES)


def _smooth(values: Values) -> Values:
    width = max(3, int(len(values) * _SMOOTHING_SHARE))
    kernel = np.hanning(width + 2)[1:-1]
    padded = np.pad(values, width, mode="edge")
    return np.convolve(padded, kernel / kernel.sum(), "same")[width:-width]
