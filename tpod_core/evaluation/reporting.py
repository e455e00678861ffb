"""Makes the ``Evaluation`` that the page shows from a detector's detections."""

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from tpod_core.evaluation.average_precision import Metrics
from tpod_core.evaluation.confusion import confusion_matrix, counts_of
from tpod_core.evaluation.curves import CONFIDENCES, STEPS, Curves
from tpod_core.evaluation.result_file import VERSION, Curve, Evaluation, VideoScore
from tpod_core.evaluation.scoring import EvaluatedImage, Gathered

CURVE_STEP = STEPS // 100
"""The curves in the file have every tenth of the counted confidences."""

_DIGITS = 6

Indices = NDArray[np.int64]


def report(gathered: Gathered, metrics: Metrics) -> Evaluation:
    """Returns the evaluation without the worst images and the parent.

    The recommended confidence is a point of the curves, so that they agree there with the
    confusion matrix and the score.
    """
    confidence, curves = metrics.recommended_confidence, metrics.curves
    indices = np.union1d(np.arange(0, STEPS + 1, CURVE_STEP), metrics.recommended_index)
    confusion = confusion_matrix(gathered.images, len(gathered.classes), confidence)
    return Evaluation(
        images=len(gathered.images),
        classes=gathered.classes,
        recommended_confidence=confidence,
        counts=counts_of(confusion),
        confidences=tuple(CONFIDENCES[indices].tolist()),
        mean=_mean(curves.only(metrics.class_ids), indices),
        curves={
            gathered.classes[class_id]: _curve(curves.only(np.array([class_id])), indices)
            for class_id in metrics.class_ids
        },
        confusion=tuple(tuple(int(count) for count in row) for row in confusion),
        videos=_by_video(gathered, confidence),
        overall=_curve(curves.overall(), indices),
        version=VERSION,
    )


def _curve(curves: Curves, indices: Indices) -> Curve:
    """``curves`` has one row: one class, or all classes added up."""
    return Curve(
        precision=_rounded(curves.precision[0, indices]),
        recall=_rounded(curves.recall[0, indices]),
        f1=_rounded(curves.f1[0, indices]),
        detections=tuple(curves.detected[0, indices].tolist()),
    )


def _mean(curves: Curves, indices: Indices) -> Curve:
    """Returns the unweighted mean over the classes."""
    if not len(curves.labels):
        nothing = tuple(0.0 for _ in indices)
        return Curve(nothing, nothing, nothing)
    return Curve(
        precision=_rounded(curves.precision[:, indices].mean(axis=0)),
        recall=_rounded(curves.recall[:, indices].mean(axis=0)),
        f1=_rounded(curves.f1[:, indices].mean(axis=0)),
    )


def _rounded(values: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(np.round(values, _DIGITS).tolist())


def _by_video(gathered: Gathered, confidence: float) -> tuple[VideoScore, ...]:
    images: dict[int, list[EvaluatedImage]] = defaultdict(list)
    for image in gathered.images:
        if image.source:
            images[image.source[0]].append(image)
    classes = len(gathered.classes)
    return tuple(
        VideoScore(
            video_id=video_id,
            images=len(of_video),
            boxes=sum(len(image.labels) for image in of_video),
            counts=counts_of(confusion_matrix(of_video, classes, confidence)),
        )
        for video_id, of_video in sorted(images.items())
    )
