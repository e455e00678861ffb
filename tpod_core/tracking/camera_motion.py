"""How the camera moved from one frame to the next, from corners all over the picture."""

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Motion = NDArray[np.float64]
"""(2, 3): what a picture point's coordinates become on the next frame."""

STILL: Motion = np.eye(2, 3)

_CORNERS = 150
_FEWEST = 12
_LEAST_SHARE = 0.3
"""With fewer of the corners agreeing, what they agree on may well be an object."""


def camera_motion(before: Grey, after: Grey) -> Motion:
    """The similarity that most corners follow; ``STILL`` where too few agree on one.

    Args:
        before, after: small pictures (about 300 pixels wide) of equal size.
    Source: Shi-Tomasi corners, pyramidal Lucas-Kanade, RANSAC, as in OpenCV's ``videostab``.
    """
    corners = cv2.goodFeaturesToTrack(before, _CORNERS, 0.005, 6)
    if corners is None or len(corners) < _FEWEST:
        return STILL
    moved, found, _ = cv2.calcOpticalFlowPyrLK(
        before,
        after,
        corners,
        np.empty_like(corners),
        winSize=(13, 13),
        maxLevel=3,
        criteria=(cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 10, 0.03),
    )
    kept = found.ravel() > 0
    if kept.sum() < _FEWEST:
        return STILL
    motion, agreeing = cv2.estimateAffinePartial2D(
        corners[kept],
        moved[kept],
        method=cv2.RANSAC,
        ransacReprojThreshold=1.0,
        maxIters=300,
    )
    if motion is None or agreeing.mean() < _LEAST_SHARE:
        return STILL
    return np.asarray(motion, np.float64)


def scaled(motion: Motion, factor: float) -> Motion:
    """The same motion in pictures ``factor`` times as large."""
    larger = motion.copy()
    larger[:, 2] *= factor
    return larger


def reversed_motion(motion: Motion) -> Motion:
    return np.asarray(cv2.invertAffineTransform(motion), np.float64)


def shifted(motion: Motion, x: float, y: float) -> tuple[float, float]:
    """Where a point goes."""
    moved = motion @ np.array([x, y, 1.0])
    return float(moved[0]), float(moved[1])
