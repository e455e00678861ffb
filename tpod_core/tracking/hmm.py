"""A hidden Markov model of which of two trajectories is on the object on each frame.

One trajectory is tracked forward from the left anchor, one backward from the right anchor.
Each starts on the object, and may lose it once for good. That gives four states, whose
posterior the forward-backward algorithm computes (Rabiner, "A Tutorial on Hidden Markov
Models", 1989). The emissions are the IoU of the trajectories with each other and with the two
interpolated paths (linear, and with camera motion compensated). Either interpolated path may
be right, or neither: three hypotheses, each with its own chain.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FORWARD, BOTH, BACKWARD, NEITHER = range(4)
"""The states: which trajectory is on the object."""

_LOSS = 0.01
"""Probability per frame that a trajectory loses the object."""
_EVIDENCE_WEIGHT = 0.3
"""Discounts each frame's evidence, because neighbouring frames are correlated."""
_GAIN, _MIN_LOG_ODDS, _MAX_LOG_ODDS = 6.0, -2.5, 1.5
"""The log odds of a true agreement against a chance one, as a function of IoU."""
_CHANCE_IOU = 0.45
_CHANCE_IOU_INTERPOLATED = 0.4
_IMPOSSIBLE = -1e9

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Posterior:
    """Probabilities: ``state`` (n, hypotheses, 4) given the hypothesis, and ``hypothesis``.

    Hypothesis 0 is that no interpolated path is right; the others are one for each path.
    """

    state: Values
    hypothesis: Values

    @property
    def marginal(self) -> Values:
        """The probability of each state over all hypotheses: (n, 4)."""
        return np.asarray((self.state * self.hypothesis[None, :, None]).sum(1), np.float64)


def posterior(
    agreement: Values,
    interpolated: list[tuple[Values, Values]],
    prior: Values,
    no_response: tuple[Values, Values] | None = None,
) -> Posterior:
    """Computes the posterior of the states and hypotheses of one segment, both ends included.

    Args:
        agreement: (n,) IoU of the forward and the backward box on each frame.
        interpolated: for each interpolated path, its IoU with the forward and the backward box.
        prior: (1 + paths,) probability of each hypothesis.
        no_response: (n,) of the forward and the backward trajectory: 1 on frames without a
            response peak, else 0.
    """
    count = len(agreement)
    share = np.linspace(0, 1, count)
    # Near the anchors all paths agree, so agreement with an interpolated path means little.
    relevance = 4 * share * (1 - share)
    zeros = np.zeros(count)
    on_forward, on_backward = (_MIN_LOG_ODDS * each for each in no_response or (zeros, zeros))
    on_both = _log_odds(agreement, _CHANCE_IOU) + on_forward + on_backward
    emissions = [np.stack([on_forward, on_both, on_backward, zeros], axis=1)]
    for forward_iou, backward_iou in interpolated:
        forward = relevance * _log_odds(forward_iou, _CHANCE_IOU_INTERPOLATED)
        backward = relevance * _log_odds(backward_iou, _CHANCE_IOU_INTERPOLATED)
        of_path = np.stack([forward, forward + backward, backward, zeros], axis=1)
        emissions.append(emissions[0] + of_path)
    state, log_likelihood = _forward_backward(np.stack(emissions, axis=1) * _EVIDENCE_WEIGHT)
    weight = log_likelihood + np.log(prior)
    hypothesis = np.exp(weight - weight.max())
    return Posterior(state, hypothesis / hypothesis.sum())


def _log_odds(agreement: Values, chance: float) -> Values:
    return np.clip(_GAIN * (agreement - chance), _MIN_LOG_ODDS, _MAX_LOG_ODDS)


def _forward_backward(emissions: Values) -> tuple[Values, Values]:
    """Runs every hypothesis at once; returns states (n, h, 4) and log likelihoods (h,)."""
    transitions = _log_transitions()
    forward, backward = np.empty_like(emissions), np.empty_like(emissions)
    forward[0] = emissions[0] + np.array([0, 0, _IMPOSSIBLE, _IMPOSSIBLE])
    for frame in range(1, len(emissions)):
        reached = _log_sum(forward[frame - 1][:, :, None] + transitions, 1)
        forward[frame] = emissions[frame] + reached
    backward[-1] = np.array([_IMPOSSIBLE, 0, 0, _IMPOSSIBLE])
    for frame in range(len(emissions) - 2, -1, -1):
        following = (emissions[frame + 1] + backward[frame + 1])[:, None, :]
        backward[frame] = _log_sum(transitions + following, 2)
    joint = forward + backward
    state = np.exp(joint - joint.max(2, keepdims=True))
    return state / state.sum(2, keepdims=True), _log_sum(joint[0], 1)


def _log_transitions() -> Values:
    """Returns (4, 4) log probabilities from state to state.

    The forward trajectory can only lose the object. In the same direction of time the backward
    one can only find it.
    """
    on_forward, on_backward = (True, True, False, False), (False, True, True, False)
    kept, lost = np.log(1 - _LOSS), np.log(_LOSS)
    transitions = np.full((4, 4), _IMPOSSIBLE)
    for now in range(4):
        for then in range(4):
            regained = on_forward[then] and not on_forward[now]
            dropped = on_backward[now] and not on_backward[then]
            if regained or dropped:
                continue
            transitions[now, then] = 0.0
            if on_forward[now]:
                transitions[now, then] += kept if on_forward[then] else lost
            if on_backward[then]:
                transitions[now, then] += kept if on_backward[now] else lost
    return transitions


def _log_sum(values: Values, axis: int) -> Values:
    highest = values.max(axis, keepdims=True)
    total = np.log(np.exp(values - highest).sum(axis, keepdims=True)) + highest
    return np.asarray(total.squeeze(axis), np.float64)
