"""The learning curve: whether more labels would help, and what to label next."""

import altair as alt
import streamlit as st

from pages._shared.feedback import show_errors
from pages._shared.job_follow import follow
from pages._shared.page import escape_md
from pages._shared.training_notice import training_notice
from tpod_core import access
from tpod_core.db import read_session, transaction
from tpod_core.errors import NotFound
from tpod_core.evaluation.learning_curve import Advice, LearningCurve
from tpod_core.models import Detector, User, Verdict, saved_id
from tpod_core.services import findings, learning

_HEIGHT_PX = 260
_MAX_LINES = 8


def show_learning(user: User, detector: Detector) -> None:
    """Show the points measured so far, and a button that measures the rest."""
    st.subheader("Worth labelling more?", anchor=False)
    curve = learning.read(detector)
    with read_session() as session:
        job = learning.find_active(session, detector)
        waiting = findings.count_by_video(session, detector, (Verdict.OPEN, Verdict.MISSED_LABEL))
    if curve.points:
        left, right = st.columns([3, 2], gap="large")
        left.altair_chart(_chart(curve), width="stretch")
        advice = learning.advise(detector, waiting)
        if advice:
            right.write(_sentence(user, advice, waiting))
    if job:
        follow(job)
    elif not curve.complete:
        _offer_measurement(user, detector, begun=bool(curve.points))


def _offer_measurement(user: User, detector: Detector, *, begun: bool) -> None:
    st.write(
        "Train twice more, on 25 and on 50 % of the training images, and see whether the score "
        "still rises. It runs in the background and takes about twice as long as the training."
    )
    training_notice()
    if st.button("Continue measuring" if begun else "Measure it", icon=":material/show_chart:"):
        with show_errors():
            with transaction() as session:
                row = access.get_detector(session, user, saved_id(detector))
                learning.start(session, user, row)
            st.rerun(scope="app")


def _chart(curve: LearningCurve) -> alt.Chart:
    """mAP50 by number of training images, and AP50 of the weakest classes."""
    newest = curve.points[-1].ap50
    weakest = sorted(newest, key=lambda name: newest[name])[: _MAX_LINES - 1]
    rows = [
        {"Training images": point.images, "Line": "mAP50", "AP50": point.map50}
        for point in curve.points
    ]
    if len(newest) > 1:
        rows += [
            {"Training images": point.images, "Line": name, "AP50": point.ap50[name]}
            for point in curve.points
            for name in weakest
            if name in point.ap50
        ]
    lines: alt.Chart = (
        alt.Chart(alt.InlineData(values=rows), height=_HEIGHT_PX)
        .mark_line(point=True)
        .encode(
            x=alt.X("Training images:Q", scale=alt.Scale(zero=True)),
            y=alt.Y("AP50:Q", scale=alt.Scale(domain=[0, 1]), title="AP50"),
            color=alt.Color("Line:N", title=None, sort=["mAP50", *weakest]),
            tooltip=["Line:N", "Training images:Q", alt.Tooltip("AP50:Q", format=".3f")],
        )
    )
    return lines


def _sentence(user: User, advice: Advice, waiting: dict[int, int]) -> str:
    gain = f"{advice.gain:+.2f}"
    first = (
        f"**Yes.** The second half of the images brought {gain} mAP50: the curve still rises."
        if advice.worth
        else f"**Not more of the same.** The second half of the images brought {gain} mAP50: "
        "label other scenes, or train longer or with a larger family."
    )
    name = _video_name(user, advice.video_id)
    what = f"more **{escape_md(advice.label)}**, its weakest class" if advice.label else ""
    count = waiting.get(advice.video_id or 0, 0)
    why = _unmatched(count) if count else "it does worst there"
    where = f"scenes like those of **{escape_md(name)}** ({why})" if name else ""
    next_labels = " and ".join(filter(None, (what, where)))
    return f"{first} Label next: {next_labels}." if next_labels else first


def _unmatched(count: int) -> str:
    return "1 unmatched detection" if count == 1 else f"{count:,} unmatched detections"


def _video_name(user: User, video_id: int | None) -> str:
    """Returns ``""`` without a video, or if it has been deleted since."""
    if video_id is None:
        return ""
    try:
        with read_session() as session:
            return access.get_video(session, user, video_id).name
    except NotFound:
        return ""
