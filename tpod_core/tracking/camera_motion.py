"""Estimates the camera's motion between two frames from corners all over the picture."""

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Motion = NDArray[np.float64]
"""(2, 3) affine matrix that maps a point of one frame to the next."""

STILL: Motion = np.eye(2, 3)

_CORNERS = 150
_MIN_CORNERS = 12
_MIN_INLIER_SHARE = 0.3
"""With a smaller share of inliers, they may lie on a moving object."""


def camera_motion(before: Grey, after: Grey) -> Motion:
    """Returns the similarity that most corners follow; ``STILL`` if too few are inliers.

    Args:
        before, after: small pictures (about 300 pixels wide) of equal size.
    Source: Shi-Tomasi corners, pyramidal Lucas-Kanade, RANSAC, as in OpenCV's ``videostab``.
    """
    corners = cv2.goodFeaturesToTrack(before, _CORNERS, 0.005, 6)
    if corners is None or len(corners) < _MIN_CORNERS:
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
    tracked = found.ravel() > 0
    if tracked.sum() < _MIN_CORNERS:
        return STILL
    motion, inliers = cv2.estimateAffinePartial2D(
        corners[tracked],
        moved[tracked],
        method=cv2.RANSAC,
        ransacReprojThreshold=1.0,
        maxIters=300,
    )
    if motion is None or inliers.mean() < _MIN_INLIER_SHARE:
        return STILL
    return np.asarray(motion, np.float64)


def scaled(motion: Motion, factor: float) -> Motion:
    """Returns the same motion in pictures ``factor`` times as large."""
    result = motion.copy()
    result[:, 2] *= factor
    return result


def reversed_motion(motion: Motion) -> Motion:
    return np.asarray(cv2.invertAffineTransform(motion), np.float64)


def transform_point(motion: Motion, x: float, y: float) -> tuple[float, float]:
    """Returns the position of a point after ``motion``."""
    moved = motion @ np.array([x, y, 1.0])
    return float(moved[0]), float(moved[1])
