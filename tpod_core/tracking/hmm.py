"""Which of two pursuits is on the object, frame by frame.

One pursuit runs forward from the left box, one backward from the right box. Each starts on
the object, may lose it once, and does not come back. So a hidden chain has four states, and
forward-backward gives their probabilities (Rabiner, "A Tutorial on Hidden Markov Models",
1989). What is observed is how far the boxes of the pursuits agree with each other and with
the two plain paths (straight in the picture, straight over the ground), either of which may
be the truth: that makes three hypotheses, each with a chain of its own.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FORWARD, BOTH, BACKWARD, NEITHER = range(4)
"""Which pursuit is on the object."""

_LOSS = 0.01
"""Probability per frame that a pursuit loses the object."""
_TEMPER = 0.3
"""Neighbouring frames tell much the same: so much of each one's evidence counts."""
_GAIN, _LEAST, _MOST = 6.0, -2.5, 1.5
"""Log odds of a true agreement against a chance one, by IoU."""
_CHANCE_IOU = 0.45
_CHANCE_IOU_PLAIN = 0.4
_IMPOSSIBLE = -1e9

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Belief:
    """``state`` (n, hypotheses, 4) sums to 1 over states; ``hypothesis`` sums to 1.

    Hypothesis 0: no plain path is right; then one for each plain path.
    """

    state: Values
    hypothesis: Values

    @property
    def marginal(self) -> Values:
        """(n, 4): the states whatever the hypothesis."""
        return np.asarray((self.state * self.hypothesis[None, :, None]).sum(1), np.float64)


def posterior(
    between: Values,
    plain: list[tuple[Values, Values]],
    prior: Values,
    blind: tuple[Values, Values] | None = None,
) -> Belief:
    """Weigh all agreements of one segment, both ends included.

    Args:
        between: (n,) IoU of the forward and the backward box on each frame.
        plain: per plain path, the IoU of the forward and of the backward box with it.
        prior: (1 + paths,) probability of each hypothesis.
        blind: where the forward and the backward pursuit saw nothing at all: (n,) 1, else 0.
    """
    count = len(between)
    share = np.linspace(0, 1, count)
    # Near the ends every path agrees with every other.
    telling = 4 * share * (1 - share)
    nothing = np.zeros(count)
    on_forward, on_backward = (_LEAST * unseen for unseen in blind or (nothing, nothing))
    on_both = _odds(between, _CHANCE_IOU) + on_forward + on_backward
    evidence = [np.stack([on_forward, on_both, on_backward, nothing], axis=1)]
    for forward, backward in plain:
        ahead = telling * _odds(forward, _CHANCE_IOU_PLAIN)
        back = telling * _odds(backward, _CHANCE_IOU_PLAIN)
        evidence.append(evidence[0] + np.stack([ahead, ahead + back, back, nothing], axis=1))
    state, log_likelihood = _smoothed(np.stack(evidence, axis=1) * _TEMPER)
    weight = log_likelihood + np.log(prior)
    hypothesis = np.exp(weight - weight.max())
    return Belief(state, hypothesis / hypothesis.sum())


def _odds(agreement: Values, chance: float) -> Values:
    return np.clip(_GAIN * (agreement - chance), _LEAST, _MOST)


def _smoothed(evidence: Values) -> tuple[Values, Values]:
    """Forward-backward for every hypothesis at once: states (n, h, 4), log likelihood (h,)."""
    steps = _transitions()
    ahead, back = np.empty_like(evidence), np.empty_like(evidence)
    ahead[0] = evidence[0] + np.array([0, 0, _IMPOSSIBLE, _IMPOSSIBLE])
    for frame in range(1, len(evidence)):
        ahead[frame] = evidence[frame] + _log_sum(ahead[frame - 1][:, :, None] + steps, 1)
    back[-1] = np.array([_IMPOSSIBLE, 0, 0, _IMPOSSIBLE])
    for frame in range(len(evidence) - 2, -1, -1):
        following = (evidence[frame + 1] + back[frame + 1])[:, None, :]
        back[frame] = _log_sum(steps + following, 2)
    joint = ahead + back
    state = np.exp(joint - joint.max(2, keepdims=True))
    return state / state.sum(2, keepdims=True), _log_sum(joint[0], 1)


def _transitions() -> Values:
    """(4, 4) log probability from state to state: the forward pursuit can only be lost, the
    backward one, seen in this direction of time, only be found."""
    on_forward, on_backward = (True, True, False, False), (False, True, True, False)
    kept, lost = np.log(1 - _LOSS), np.log(_LOSS)
    steps = np.full((4, 4), _IMPOSSIBLE)
    for now in range(4):
        for then in range(4):
            regained = on_forward[then] and not on_forward[now]
            dropped = on_backward[now] and not on_backward[then]
            if regained or dropped:
                continue
            steps[now, then] = 0.0
            if on_forward[now]:
                steps[now, then] += kept if on_forward[then] else lost
            if on_backward[then]:
                steps[now, then] += kept if on_backward[now] else lost
    return steps


def _log_sum(values: Values, axis: int) -> Values:
    highest = values.max(axis, keepdims=True)
    total = np.log(np.exp(values - highest).sum(axis, keepdims=True)) + highest
    return np.asarray(total.squeeze(axis), np.float64)
