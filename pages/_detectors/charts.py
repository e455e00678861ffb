"""Charts of a detector's evaluation: precision and recall by confidence, and confusion."""

from collections.abc import Sequence

import altair as alt
import streamlit as st

from pages._detectors.words import rates
from pages._shared.page import escape_md
from tpod_core.evaluation.result_file import BACKGROUND, Curve, Evaluation

_HEIGHT_PX = 280
_MAX_NUMBERED_CLASSES = 15
_ALL = "All classes"
_PRECISION_COLOR, _RECALL_COLOR, _F1_COLOR = "#2f6fed", "#0b845c", "#b36b00"


def show_confidence(evaluation: Evaluation) -> None:
    """Show precision, recall and F1 at the confidence that the user picks with a slider."""
    st.subheader("Which confidence?", anchor=False)
    left, right = st.columns([2, 3], gap="large")
    with left:
        chosen = st.selectbox("Class", [_ALL, *evaluation.curves], key="confidence-class")
        at = st.slider(
            "Confidence",
            0.0,
            1.0,
            round(evaluation.recommended_confidence, 2),
            0.01,
            key="confidence-at",
            help=f"{evaluation.recommended_confidence:.2f} is best for all classes together: the "
            "middle of the range where F1, the mean over the classes, is highest.",
        )
        best = evaluation.recommended_confidence
        at = best if at == round(best, 2) else at  # the slider has two decimals, the best has more
        curve = evaluation.curves.get(chosen, evaluation.all_classes)
        st.write(curve_sentence(curve, _nearest(evaluation.confidences, at)))
    with right:
        st.altair_chart(_curves(evaluation, curve, at), width="stretch")


def _nearest(confidences: Sequence[float], at: float) -> int:
    return min(range(len(confidences)), key=lambda index: abs(confidences[index] - at))


def curve_sentence(curve: Curve, index: int) -> str:
    """What the curve says at one of its points."""
    boxes = curve.detections[index] if curve.detections else None
    return (
        f"{rates(curve.precision[index], curve.recall[index], boxes)} F1, the balance of both, is "
        f"**{curve.f1[index]:.2f}**. A higher confidence gives fewer wrong boxes, a lower one "
        "fewer missed objects."
    )


def _curves(evaluation: Evaluation, curve: Curve, at: float) -> alt.LayerChart | alt.FacetChart:
    lines = {"Precision": curve.precision, "Recall": curve.recall, "F1": curve.f1}
    rows = [
        {"Confidence": confidence, "Figure": name, "Value": value}
        for name, values in lines.items()
        for place, (confidence, value) in enumerate(
            zip(evaluation.confidences, values, strict=True)
        )
        if name != "Precision" or _draws(curve, place)
    ]
    colors = alt.Scale(domain=list(lines), range=[_PRECISION_COLOR, _RECALL_COLOR, _F1_COLOR])
    drawn = (
        alt.Chart(alt.InlineData(values=rows), height=_HEIGHT_PX)
        .mark_line()
        .encode(
            x=alt.X("Confidence:Q", scale=alt.Scale(domain=[0, 1])),
            y=alt.Y("Value:Q", scale=alt.Scale(domain=[0, 1]), title=None),
            color=alt.Color("Figure:N", scale=colors, title=None, legend=alt.Legend(orient="top")),
            tooltip=["Figure:N", "Confidence:Q", alt.Tooltip("Value:Q", format=".2f")],
        )
    )
    mark = alt.Chart(alt.InlineData(values=[{"Confidence": at}])).mark_rule(strokeDash=[5, 4])
    return alt.layer(drawn, mark.encode(x="Confidence:Q"))


def _draws(curve: Curve, place: int) -> bool:
    """Whether there are boxes of which a share can be right."""
    return not curve.detections or curve.detections[place] > 0


def show_confusion(evaluation: Evaluation) -> None:
    """Show the confusion matrix: a row per true class, a column per predicted class."""
    st.subheader("What does it mix up?", anchor=False)
    counts = evaluation.counts
    st.write(
        f"At a confidence of {evaluation.recommended_confidence:.2f}, on {evaluation.images:,} "
        "validation images: "
        f"**{counts.correct:,}** objects found, **{counts.missed:,}** missed, "
        f"**{counts.wrong:,}** boxes wrong."
    )
    left, _ = st.columns([3, 2])
    left.altair_chart(_heat_map(evaluation), width="stretch")
    mistake = worst_mix_up(evaluation)
    if mistake:
        st.caption(mistake)


def _heat_map(evaluation: Evaluation) -> alt.LayerChart | alt.FacetChart:
    names = [*evaluation.classes, BACKGROUND]
    rows = [
        {
            "True": names[true],
            "Found": names[found],
            "Count": count,
            "Share": count / max(1, sum(evaluation.confusion[true])),
        }
        for true, row in enumerate(evaluation.confusion)
        for found, count in enumerate(row)
    ]
    base = alt.Chart(alt.InlineData(values=rows), height=max(200, 34 * len(names))).encode(
        x=alt.X("Found:N", sort=names, title="Predicted class", axis=alt.Axis(labelAngle=-30)),
        y=alt.Y("True:N", sort=names, title="True class"),
    )
    cells = base.mark_rect().encode(
        color=alt.Color(
            "Share:Q",
            scale=alt.Scale(scheme="blues", domain=[0, 1]),
            title="Share of the true class",
        ),
        tooltip=["True:N", "Found:N", "Count:Q", alt.Tooltip("Share:Q", format=".0%")],
    )
    if len(names) > _MAX_NUMBERED_CLASSES:
        return alt.layer(cells)
    dark = alt.value("#1c1f24")
    color = alt.when(alt.datum.Share > 0.55).then(alt.value("#ffffff")).otherwise(dark)
    return alt.layer(cells, base.mark_text().encode(text="Count:Q", color=color))


def worst_mix_up(evaluation: Evaluation) -> str:
    """Returns a sentence on the two classes confused most often, or ``""`` if there are none."""
    pairs = [
        (count, true, found)
        for true, row in enumerate(evaluation.confusion[:-1])
        for found, count in enumerate(row[:-1])
        if true != found and count
    ]
    if not pairs:
        return ""
    count, true, found = max(pairs)
    classes = evaluation.classes
    often = "once" if count == 1 else f"{count:,} times"
    return (
        f"Most often it takes {escape_md(classes[true])} for {escape_md(classes[found])}: {often}."
    )
