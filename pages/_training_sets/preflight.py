"""Preflight findings of a training set by kind, each with a link to its frame."""

from collections.abc import Sequence

import streamlit as st

from pages._shared.page import escape_md
from tpod_core.services.training_sets import Findings, Kind, PreflightFinding, Severity

_MAX_SHOWN_PER_KIND = 8
_TITLES = {
    Kind.LEAKAGE: "Validation too near to training",
    Kind.FEW_BOXES: "Classes with few boxes",
    Kind.ONE_VIDEO: "Classes in only one video",
    Kind.MISSED_LABEL: "Missed labels",
    Kind.DUPLICATE_BOXES: "Two boxes on one object",
    Kind.SIZE_JUMP: "Jumps in size",
    Kind.TINY_BOX: "Tiny boxes",
    Kind.UNLABELLED: "Unlabelled gaps",
    Kind.EDGE_BOX: "Boxes at the edge",
}
_ICONS = {
    Severity.PROBLEM: ":material/error:",
    Severity.WARNING: ":material/warning:",
    Severity.NOTE: ":material/info:",
}


def show_findings(findings: Findings) -> None:
    """Show a collapsible list for each kind. Links open a new tab, so the form keeps its state."""
    if not findings.listed:
        st.success("The checks found no problems.", icon=":material/check_circle:")
        return
    st.markdown("**Check before building**")
    for kind in findings.counts:
        listed = [finding for finding in findings.listed if finding.kind is kind]
        _show_kind(kind, listed, findings.counts[kind])


def _show_kind(kind: Kind, listed: Sequence[PreflightFinding], count: int) -> None:
    is_problem = listed[0].severity is Severity.PROBLEM
    with st.expander(
        f"{_TITLES[kind]} · {count:,}", icon=_ICONS[listed[0].severity], expanded=is_problem
    ):
        shown = listed[:_MAX_SHOWN_PER_KIND]
        lines = [f"- {escape_md(each.sentence)} [Open]({each.link})" for each in shown]
        if count > len(shown):
            lines.append(f"- … and {count - len(shown):,} more")
        st.markdown("\n".join(lines))
