"""Fields to choose a detector, a confidence and classes."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from pages._shared.options import distinct
from tpod_core.inference.detection_filter import DetectionFilter
from tpod_core.models import Detector, User, saved_id


@dataclass(frozen=True)
class DetectorTrial:
    """A user's trial of a detector, with a filter on its detections."""

    user: User
    detector: Detector
    filter: DetectionFilter


def choose_detector(usable: Sequence[Detector], preselected_id: str = "") -> Detector:
    """Choose one of ``usable``; ``preselected_id`` is selected at first."""
    ids = [str(each.id) for each in usable]
    return st.selectbox(
        "Detector",
        usable,
        ids.index(preselected_id) if preselected_id in ids else 0,
        format_func=distinct(usable, lambda each: f"{each.name} · {', '.join(each.labels)}"),
        help="Only detectors whose training has finished are listed.",
    )


def choose_filter(detector: Detector) -> DetectionFilter:
    """Choose confidence and classes; the default is the detector's recommended confidence."""
    number, best = saved_id(detector), float(detector.metrics["recommended_confidence"])
    confidence = st.slider(
        "Confidence",
        0.01,
        0.99,
        min(max(best, 0.01), 0.99),
        0.01,
        key=f"confidence-{number}",
        help=f"Boxes with a lower score are left out. {best:.2f} is recommended for this detector.",
    )
    labels = st.multiselect(
        "Classes", detector.labels, placeholder="All classes", key=f"classes-{number}"
    )
    return DetectionFilter(confidence, tuple(labels))
