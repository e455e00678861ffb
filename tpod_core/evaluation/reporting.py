"""From gathered answers to the ``Evaluation`` that the page shows."""

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from tpod_core.evaluation.average_precision import Metrics
from tpod_core.evaluation.confusion import confusion_matrix, counts_of
from tpod_core.evaluation.curves import CONFIDENCES, STEPS, Curves
from tpod_core.evaluation.result_file import VERSION, Curve, Evaluation, VideoScore
from tpod_core.evaluation.scoring import EvaluatedImage, Gathered

CURVE_STEP = STEPS // 100
"""One of so many counted confidences is written down."""

_DIGITS = 6

Places = NDArray[np.int64]


def report(gathered: Gathered, metrics: Metrics) -> Evaluation:
    """All but the bad pictures and the parent.

    The recommended confidence is one of the points of the curves, so that they hold what the
    confusion matrix and the score say there.
    """
    confidence, curves = metrics.recommended_confidence, metrics.curves
    places = np.union1d(np.arange(0, STEPS + 1, CURVE_STEP), metrics.recommended_place)
    confusion = confusion_matrix(gathered.images, len(gathered.classes), confidence)
    return Evaluation(
        images=len(gathered.images),
        classes=gathered.classes,
        recommended_confidence=confidence,
        counts=counts_of(confusion),
        confidences=tuple(CONFIDENCES[places].tolist()),
        mean=_mean(curves.only(metrics.class_ids), places),
        curves={
            gathered.classes[class_id]: _curve(curves.only(np.array([class_id])), places)
            for class_id in metrics.class_ids
        },
        confusion=tuple(tuple(int(count) for count in row) for row in confusion),
        videos=_by_video(gathered, confidence),
        overall=_curve(curves.overall(), places),
        version=VERSION,
    )


def _curve(curves: Curves, places: Places) -> Curve:
    """``curves`` are of one class, or of all as one."""
    return Curve(
        precision=_rounded(curves.precision[0, places]),
        recall=_rounded(curves.recall[0, places]),
        f1=_rounded(curves.f1[0, places]),
        detections=tuple(curves.detected[0, places].tolist()),
    )


def _mean(curves: Curves, places: Places) -> Curve:
    """The mean over the classes, none of which counts for more than another."""
    if not len(curves.labels):
        nothing = tuple(0.0 for _ in places)
        return Curve(nothing, nothing, nothing)
    return Curve(
        precision=_rounded(curves.precision[:, places].mean(axis=0)),
        recall=_rounded(curves.recall[:, places].mean(axis=0)),
        f1=_rounded(curves.f1[:, places].mean(axis=0)),
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
