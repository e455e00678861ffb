"""Review of unmatched detections, one picture and one key each: ``/review?detector=5``."""

import streamlit as st

from pages._review import state
from pages._review.picture import finding_picture
from pages._shared.acting import as_user
from pages._shared.feedback import show_errors
from pages._shared.guard import require_user
from pages._shared.page import escape_md, page_header
from tpod_core import access
from tpod_core.db import read_session, transaction
from tpod_core.errors import NotFound
from tpod_core.models import Detector, Finding, User, Verdict, find_row_id, saved_id
from tpod_core.services import annotations, findings

_CHOICES = (
    (
        Verdict.NEGATIVE,
        "Not one",
        "n",
        "The detector is wrong: the box shows none of your objects. The next training set learns "
        "it as background, unless the video is held out.",
    ),
    (Verdict.MISSED_LABEL, "Missed label", "m", "The detector is right: the label is missing."),
    (Verdict.IGNORE, "Ignore", "i", "Neither: unclear, or it does not matter."),
)
_WORDS = {
    Verdict.NEGATIVE: "marked as a mistake",
    Verdict.MISSED_LABEL: "marked as a missed label",
    Verdict.IGNORE: "ignored",
}


def main() -> None:
    user = require_user()
    detector_id = find_row_id(st.query_params.get("detector", ""))
    if detector_id is None:
        _explain("Choose a detector", "This screen shows the detections of one detector.")
        return
    with show_errors():
        try:
            with read_session() as session:
                detector = access.get_detector(session, user, detector_id)
                page = findings.list_findings(session, detector, verdict=Verdict.OPEN, limit=2)
        except NotFound as missing:
            _explain("No such detector", missing.message)
            return
        _show_header(user, detector, page.count)
        if page.findings:
            current, *following = page.findings
            picture, panel = st.columns([4, 1], gap="medium")
            with panel:
                _show_panel(current)
            with picture, show_errors():
                _show_picture(user, current, following)
        else:
            st.success("All done: every detection of this detector matches a label or is decided.")
            if st.button("Build a training set that learns from it", icon=":material/dataset:"):
                st.switch_page("training_sets.py", query_params={"new": "1"})


def _explain(title: str, sentence: str) -> None:
    page_header(title, escape_md(sentence))
    if st.button("Go to the detectors", icon=":material/model_training:"):
        st.switch_page("detectors.py")


def _show_header(user: User, detector: Detector, open_count: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(escape_md(detector.name), icon=":material/arrow_back:", type="tertiary"):
            st.switch_page("detectors.py", query_params={"detector": str(detector.id)})
        st.markdown(f"**{open_count:,} left**")
        decided = state.decided_findings(saved_id(detector))
        st.button(
            "Undo",
            icon=":material/undo:",
            shortcut="b",
            disabled=not decided,
            on_click=as_user(_undo),
            args=(saved_id(detector),),
        )
        if decided:
            _show_last_decision(user, decided[-1])


def _show_last_decision(user: User, finding_id: int) -> None:
    with read_session() as session:
        last = findings.get(session, user, finding_id)
    link = (
        f" · [Label it now]({_labeling_url(last)})" if last.verdict is Verdict.MISSED_LABEL else ""
    )
    st.caption(f"{escape_md(last.label)} on frame {last.frame_index} {_WORDS[last.verdict]}{link}")


def _show_panel(finding: Finding) -> None:
    st.subheader(escape_md(finding.label), anchor=False)
    frames = f", detected on {finding.frames} frames" if finding.frames > 1 else ""
    st.caption(f"Confidence {finding.score:.2f}{frames}")
    for verdict, words, key, help_text in _CHOICES:
        st.button(
            words,
            key=f"verdict-{verdict}",
            shortcut=key,
            help=help_text,
            width="stretch",
            type="primary" if verdict is Verdict.NEGATIVE else "secondary",
            on_click=as_user(_decide),
            args=(saved_id(finding), verdict),
        )
    st.markdown(f"[Open frame {finding.frame_index} in labelling]({_labeling_url(finding)})")


def _show_picture(user: User, finding: Finding, following: list[Finding]) -> None:
    frame = finding.frame_index
    with read_session() as session:
        video = access.get_video(session, user, finding.video_id)
        boxes = annotations.boxes_in(session, video, frame, frame + 1)[frame]
    finding_picture(video, finding, boxes, following)
    st.caption(f"{escape_md(video.name)}, frame {frame}. Red: the detection. Dashed: your labels.")


def _decide(user: User, finding_id: int, verdict: Verdict) -> None:
    with show_errors():
        with transaction() as session:
            finding = findings.get(session, user, finding_id)
            findings.decide(session, user, finding, verdict)
        if finding.detector_id is not None:
            state.decided_findings(finding.detector_id).append(finding_id)


def _undo(user: User, detector_id: int) -> None:
    """Reopen the finding decided last. It is shown next, because it had the highest score."""
    with show_errors(), transaction() as session:
        finding = findings.get(session, user, state.decided_findings(detector_id).pop())
        findings.decide(session, user, finding, Verdict.OPEN)


def _labeling_url(finding: Finding) -> str:
    return f"/labeling?video={finding.video_id}&frame={finding.frame_index}"


main()
