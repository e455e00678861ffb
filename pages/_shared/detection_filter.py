"""Which detector, how sure it has to be, and what of all that it finds is wanted."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from tpod_core.inference.detection_filter import DetectionFilter
from tpod_core.models import Detector, User, saved_id


@dataclass(frozen=True)
class TryOut:
    """Who tries which detector, and what is wanted of it."""

    user: User
    detector: Detector
    filter: DetectionFilter


def choose_detector(usable: Sequence[Detector], wanted: str = "") -> Detector:
    """One of ``usable``, at first the one whose id is ``wanted``."""
    ids = [str(each.id) for each in usable]
    return st.selectbox(
        "Detector",
        usable,
        ids.index(wanted) if wanted in ids else 0,
        format_func=lambda each: f"{each.name} · {', '.join(each.labels)}",
        help="Only detectors that have been trained to the end are here.",
    )


def choose_filter(detector: Detector) -> DetectionFilter:
    """Confidence and classes; each detector begins with the confidence that suits it best."""
    number, best = saved_id(detector), float(detector.metrics["recommended_confidence"])
    confidence = st.slider(
        "Confidence",
        0.01,
        0.99,
        min(max(best, 0.01), 0.99),
        0.01,
        key=f"confidence-{number}",
        help=f"Boxes with a lower score are left out. {best:.2f} suits this detector best.",
    )
    labels = st.multiselect(
        "Classes", detector.labels, placeholder="All classes", key=f"classes-{number}"
    )
    return DetectionFilter(confidence, tuple(labels))
