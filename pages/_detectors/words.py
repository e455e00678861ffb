"""Formats states and scores of detectors as text."""

from typing import Any

import streamlit as st
from humanize import ordinal

from tpod_core.models import DetectorState

_BADGES: dict[DetectorState, tuple[str, str, str]] = {
    DetectorState.CREATED: ("New", "gray", ":material/fiber_new:"),
    DetectorState.QUEUED: ("Waiting", "gray", ":material/hourglass_empty:"),
    DetectorState.TRAINING: ("Training", "blue", ":material/autorenew:"),
    DetectorState.TRAINED: ("Trained", "green", ":material/check_circle:"),
    DetectorState.ERROR: ("Failed", "red", ":material/error:"),
    DetectorState.CANCELLED: ("Cancelled", "orange", ":material/block:"),
}

_LOSSES = {
    "box_loss": "Box position",
    "cls_loss": "Class",
    "dfl_loss": "Box edges",
    "l1_loss": "Box distance",
    "giou_loss": "Box overlap",
    "bbox_regression_loss": "Box position",
    "classification_loss": "Class",
    "box_reg_loss": "Box position",
    "classifier_loss": "Class",
    "rpn_box_reg_loss": "Proposal position",
    "objectness_loss": "Proposals",
}


def state_badge(state: DetectorState) -> None:
    label, color, icon = _BADGES[state]
    st.badge(label, color=color, icon=icon)  # type: ignore[arg-type]


def verdict(metrics: dict[str, Any]) -> str:
    """Explains the score in a sentence or two."""
    counts = metrics.get("counts")  # a model published by an earlier version has none
    boxes = counts["correct"] + counts["wrong"] if counts else None
    finds_lower = metrics["mAP50"] > 0 and metrics["recall"] == 0
    return (
        f"{_grade(metrics['mAP50'])} {rates(metrics['precision'], metrics['recall'], boxes)} This "
        f"holds for the validation images at a confidence of "
        f"**{metrics['recommended_confidence']:.2f}**"
        + ("; what it finds has lower scores." if finds_lower else ", the best one for it.")
    )


def rates(precision: float, recall: float, boxes: int | None) -> str:
    """Precision and recall in words; ``boxes`` is how many it draws, where that is known."""
    if boxes == 0:
        return "It draws no box at this confidence, so of 100 objects it finds **0**."
    return (
        f"Of 100 objects it finds {_of_100(recall)}; of 100 boxes that it draws, "
        f"{_of_100(precision)} are right."
    )


def shown_share(share: float) -> float:
    """As it is shown everywhere: rounded once, for half a hundredth is rounded up by browsers and
    to the even neighbour here."""
    return round(share, 2)


def _of_100(share: float) -> str:
    """``"about **29**"``; never none or all where only nearly none or nearly all are meant."""
    shown = shown_share(share)
    if shown == 0 < share:
        return "fewer than **1**"
    if shown == 1 > share:
        return "over **99**"
    return f"about **{shown * 100:.0f}**"


def _grade(map50: float) -> str:
    if map50 >= 0.8:
        return "It has learnt its objects well."
    if map50 >= 0.5:
        return "It is usable, with mistakes: more labelled frames would help."
    if map50 >= 0.1:
        return "It is weak: label more frames, or train for more epochs."
    return "It has hardly learnt anything yet: label more frames, or train for more epochs."


def agreement_sentence(agreement: dict[str, Any], name: str = "ONNX") -> str:
    """Says how far the exported model deviates from the trained one."""
    return (
        f"The exported {name} model was run on {agreement['images']} validation images: over "
        f"{agreement['compared']} detections its boxes differ from the trained model's by "
        f"{_at_most(agreement['max_box_px'], 0.01)} px, its scores by "
        f"{_at_most(agreement['max_score'], 0.001)}."
    )


def agreement_figures(agreement: dict[str, Any]) -> str:
    """The same as ``agreement_sentence`` in a few words."""
    return (
        f"Checked on {agreement['images']} images: boxes within "
        f"{max(agreement['max_box_px'], 0.01):.2g} px, scores within "
        f"{max(agreement['max_score'], 0.001):.2g} of the trained model's."
    )


def waiting_text(position: int, message: str) -> str:
    """Says a training's position in its queue, and why it waits if that is known."""
    line = f"{ordinal(position)} in line for a free worker"
    return f"{message} It is {line}." if message else f"{line[0].upper()}{line[1:]}"


def time_left(seconds: float | None) -> str:
    """``"about 5 min"``, ``"about 2 h 10 min"``; a dash if unknown."""
    if seconds is None:
        return "–"
    minutes = round(seconds / 60)
    if minutes < 1:
        return "under a minute"
    if minutes < 60:
        return f"about {minutes} min"
    return f"about {minutes // 60} h {minutes % 60} min"


def loss_name(name: str) -> str:
    """A plain name for a known loss; an unknown one keeps its own."""
    return _LOSSES.get(name, name.removesuffix("_loss"))


def _at_most(value: float, step: float) -> str:
    return f"less than {step}" if value < step else f"at most {value:.2g}"
