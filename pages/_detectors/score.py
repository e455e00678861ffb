"""The score of a detector: figures, what they mean, and its mistakes."""

from collections.abc import Sequence
from typing import Any

import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from pages._detectors.charts import show_confidence, show_confusion
from pages._detectors.findings import show_review_inbox
from pages._detectors.learning import show_learning
from pages._detectors.mistakes import show_worst
from pages._detectors.words import agreement_sentence, shown_share, verdict
from pages._shared.acting import fragment
from pages._shared.feedback import show_errors
from pages._shared.job_follow import follow
from pages._shared.page import escape_md, warning_box
from tpod_core import access
from tpod_core.db import read_session, transaction
from tpod_core.detectors.queries import ZIP
from tpod_core.evaluation.result_file import Evaluation, ParentReport
from tpod_core.models import Detector, User, saved_id
from tpod_core.services import detectors, model_files, scores


def show_score(user: User, detector: Detector) -> None:
    """Show the quality of a trained detector, and how to improve it."""
    evaluation = scores.find_evaluation(detector)
    _show_figures(detector.metrics)
    _show_doubts(detector)
    if evaluation is None or not evaluation.is_current:
        with show_errors():
            _offer_new_score(user, detector, known=evaluation is not None)
    if evaluation is None:
        return
    if evaluation.parent:
        _show_parent(evaluation.parent)
    fragment(_show_confidence)(evaluation)
    show_confusion(evaluation)
    show_worst(user, detector, evaluation)
    with show_errors():
        show_review_inbox(user, detector)
    with show_errors():
        show_learning(user, detector)


def _show_doubts(detector: Detector) -> None:
    """Show what the training set gives reason to doubt in the figures above."""
    with read_session() as session:
        doubts = detectors.read_doubts(session, detector)
    warning_box(doubts)


def _show_confidence(_: User, evaluation: Evaluation) -> None:
    show_confidence(evaluation)


def _offer_new_score(user: User, detector: Detector, *, known: bool) -> None:
    """What an earlier version has worked out differently, or not at all."""
    st.info(
        "An earlier version of TPOD worked out these figures and counted boxes in more than one "
        "way, so figures that should be equal may differ."
        if known
        else "This model is from before curves and mistakes were worked out."
    )
    with read_session() as session:
        job = model_files.find_zip_export(session, detector)
    if job:
        follow(job)
    elif st.button(
        "Work out the score anew",
        icon=":material/refresh:",
        help="Runs the model on its validation images again, and makes its zip anew.",
    ):
        with transaction() as session:
            row = access.get_detector(session, user, saved_id(detector))
            model_files.start_export(session, row, ZIP)
        st.rerun(scope="app")


def _show_figures(metrics: dict[str, Any]) -> None:
    st.subheader("How good is it?", anchor=False)
    figures = {
        "mAP50": (
            metrics["mAP50"],
            "How well boxes are found at all, over all confidences. 1 is perfect.",
        ),
        "mAP50-95": (metrics["mAP50-95"], "The same, and how tightly the boxes fit. 0.5 is good."),
        "Precision": (
            metrics["precision"],
            "The share of its boxes that are right, at the best confidence.",
        ),
        "Recall": (
            metrics["recall"],
            "The share of the objects that it finds, at the best confidence.",
        ),
        "Best confidence": (
            metrics["recommended_confidence"],
            "Ignore boxes below it; the downloaded program does so by default. It is the middle "
            "of the range where F1, the balance of precision and recall, is highest in the mean "
            "over the classes.",
        ),
    }
    for column, (name, (value, help_text)) in zip(
        st.columns(len(figures)), figures.items(), strict=True
    ):
        column.metric(name, f"{value:.2f}", help=help_text, border=True)
    st.write(verdict(metrics))
    _show_classes(metrics["classes"])
    st.caption(agreement_sentence(metrics["agreement"]))


def _show_classes(classes: Sequence[dict[str, Any]]) -> None:
    st.dataframe(
        [{name: _rounded(value) for name, value in row.items()} for row in classes],
        hide_index=True,
        column_order=["name", "boxes", "AP50", "AP50-95", "precision", "recall"],
        column_config={
            "name": st.column_config.TextColumn("Class"),
            "boxes": st.column_config.NumberColumn(
                "Validation boxes", help="With few boxes the other figures mean little."
            ),
            "AP50": _share("AP50"),
            "AP50-95": _share("AP50-95"),
            "precision": _share("Precision"),
            "recall": _share("Recall"),
        },
    )


def _rounded(value: Any) -> Any:
    return shown_share(value) if isinstance(value, float) else value


def _share(title: str) -> ColumnConfig:
    """A column of values between 0 and 1, each with a bar."""
    return st.column_config.ProgressColumn(title, min_value=0.0, max_value=1.0, format="%.2f")


def _show_parent(parent: ParentReport) -> None:
    """Compare with the parent on the same images, the classes that lost most first."""
    st.subheader("Better than its parent?", anchor=False)
    st.write(
        f"{escape_md(parent.name)} and this detector on the same images. A change whose 95 % "
        "interval includes 0 may be chance."
    )
    rows = sorted(parent.classes, key=lambda row: row.change)
    st.dataframe(
        [
            {
                "name": row.name,
                "boxes": row.boxes,
                "parent": row.parent_ap50,
                "child": row.ap50,
                "change": row.change,
                "range": _range(row.interval),
                "verdict": _change_text(row.change, row.interval, worse=row.worse),
            }
            for row in rows
        ],
        hide_index=True,
        column_config={
            "name": st.column_config.TextColumn("Class"),
            "boxes": st.column_config.NumberColumn("Validation boxes"),
            "parent": _share("AP50 of the parent"),
            "child": _share("AP50 now"),
            "change": st.column_config.NumberColumn("Change", format="%+.2f"),
            "range": st.column_config.TextColumn("95 % interval"),
            "verdict": st.column_config.TextColumn("Verdict"),
        },
    )


def _range(interval: tuple[float, float] | None) -> str:
    return f"{interval[0]:+.2f} to {interval[1]:+.2f}" if interval else "too few images"


def _change_text(change: float, interval: tuple[float, float] | None, *, worse: bool) -> str:
    if worse:
        return "⚠ worse"
    if interval and interval[0] > 0:
        return "better"
    return "no clear change" if interval else f"{change:+.2f}"
