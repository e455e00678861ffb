"""What to look at before a training set is built, by kind, each with a way to its frame."""

from collections.abc import Sequence

import streamlit as st

from pages._shared.page import plain
from tpod_core.services.training_sets import Findings, Kind, PreflightFinding, Severity

_SHOWN_PER_KIND = 8
_TITLES = {
    Kind.LEAKAGE: "Validation too near to training",
    Kind.FEW_BOXES: "Classes with few boxes",
    Kind.ONE_VIDEO: "Classes of one video alone",
    Kind.MISSED_LABEL: "Missed labels",
    Kind.DUPLICATE_BOXES: "Two boxes on one object",
    Kind.SIZE_JUMP: "Jumps in size",
    Kind.TINY_BOX: "Tiny boxes",
    Kind.UNLABELLED: "Unlabelled stretches",
    Kind.EDGE_BOX: "Boxes at the edge",
}
_ICONS = {
    Severity.PROBLEM: ":material/error:",
    Severity.WARNING: ":material/warning:",
    Severity.NOTE: ":material/info:",
}


def show_findings(findings: Findings) -> None:
    """A line for each kind that there is; opened, its places. Links open another tab: the form
    keeps what was chosen."""
    if not findings.listed:
        st.success("The checks found nothing to look at.", icon=":material/check_circle:")
        return
    st.markdown("**Worth a look before building**")
    for kind in findings.counts:
        listed = [finding for finding in findings.listed if finding.kind is kind]
        _show_kind(kind, listed, findings.counts[kind])


def _show_kind(kind: Kind, listed: Sequence[PreflightFinding], count: int) -> None:
    is_problem = listed[0].severity is Severity.PROBLEM
    with st.expander(
        f"{_TITLES[kind]} · {count:,}", icon=_ICONS[listed[0].severity], expanded=is_problem
    ):
        shown = listed[:_SHOWN_PER_KIND]
        lines = [f"- {plain(each.sentence)} [Open]({each.link})" for each in shown]
        if count > len(shown):
            lines.append(f"- … and {count - len(shown):,} more")
        st.markdown("\n".join(lines))
