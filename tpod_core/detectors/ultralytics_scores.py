"""Ultralytics' detection metrics as our ``Score``."""

from typing import Any

import numpy as np
from ultralytics.utils.metrics import smooth

from tpod_core.detectors.scores import ClassScore, Score

_DEFAULT_CONFIDENCE = 0.25
"""Recommended for a detector that found nothing: there is no best F1 to choose by."""

_LOWEST_RECOMMENDED = 0.05
"""A best F1 further down is that of a detector which guesses; hundreds of boxes help nobody."""


def score_of(metrics: Any, classes: tuple[str, ...], images: int) -> Score:
    """``metrics`` is a processed ``DetMetrics``; its arrays run over the classes that occur."""
    box = metrics.box
    precision, recall, map50, map50_95 = (float(value) for value in box.mean_results())
    rows = {int(class_id): i for i, class_id in enumerate(box.ap_class_index)}
    return Score(
        images=images,
        map50=map50,
        map50_95=map50_95,
        precision=precision,
        recall=recall,
        f1=float(np.mean(box.f1)) if len(box.f1) else 0.0,
        recommended_confidence=_best_confidence(box),
        classes=tuple(
            _class_score(metrics, name, class_id, rows.get(class_id))
            for class_id, name in enumerate(classes)
        ),
    )


def _class_score(metrics: Any, name: str, class_id: int, row: int | None) -> ClassScore:
    if row is None:
        return ClassScore(name, 0, None, None, None, None)
    box = metrics.box
    return ClassScore(
        name,
        int(metrics.nt_per_class[class_id]),
        float(box.ap50[row]),
        float(box.ap[row]),
        float(box.p[row]),
        float(box.r[row]),
    )


def _best_confidence(box: Any) -> float:
    """Where the smoothed mean F1 peaks: the same point at which p, r and f1 are taken."""
    curve = np.asarray(box.f1_curve)
    if not curve.size or not curve.any():
        return _DEFAULT_CONFIDENCE
    best = float(box.px[smooth(curve.mean(0), 0.1).argmax()])
    return round(max(best, _LOWEST_RECOMMENDED), 3)
