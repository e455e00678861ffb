"""Compares the training set shown with another one."""

from collections.abc import Sequence

import streamlit as st

from pages._shared.options import distinct
from pages._shared.page import escape_md
from tpod_core import access
from tpod_core.db import read_session
from tpod_core.models import TrainingSet, TrainingSetState, User, saved_id
from tpod_core.services import training_set_files, training_sets
from tpod_core.services.training_set_files import Comparison, VideoChange


def show_comparison(user: User, training_set: TrainingSet) -> None:
    """Ask for another finished set, and show the differences from it."""
    with read_session() as session:
        others = {
            saved_id(row): row
            for row in training_sets.list_training_sets(session, user)
            if row.state is TrainingSetState.READY and row.id != training_set.id
        }
    if not others:
        st.caption("There is no other finished training set to compare with yet.")
        return
    name_of = distinct([*others.values()], lambda row: f"{row.name} ({row.created_at:%d %b %Y})")
    chosen = st.selectbox(
        "Compare with",
        list(others),
        index=None,
        format_func=lambda number: name_of(others[number]),
        placeholder="Choose another training set",
    )
    if chosen is not None:
        with read_session() as session:
            other = access.get_training_set(session, user, chosen)
        _show(_compare(other.content_hash, training_set.content_hash, other, training_set), other)


@st.cache_data(max_entries=50, show_spinner="Comparing …")
def _compare(
    older_hash: str, newer_hash: str, _older: TrainingSet, _newer: TrainingSet
) -> Comparison:
    """Finished sets never change, so their hashes are the cache key."""
    return training_set_files.diff(_older, _newer)


def _show(comparison: Comparison, other: TrainingSet) -> None:
    if comparison.identical:
        st.success(
            f"“{escape_md(other.name)}” has exactly the same images, splits and boxes.",
            icon=":material/equal:",
        )
        return
    frames = comparison.frames
    figures = {
        "Images added": frames.added,
        "Images removed": frames.removed,
        "With changed boxes": frames.relabelled,
        "In the other split": frames.moved,
        "Unchanged": frames.same,
    }
    for column, (name, value) in zip(st.columns(len(figures)), figures.items(), strict=True):
        column.metric(name, f"{value:,}", border=True)
    st.dataframe(
        [
            {
                "Class": row.name,
                f"Boxes in {other.name}": row.before,
                "Boxes here": row.after,
                "Added": row.added,
                "Removed": row.removed,
                "Changed": row.changed,
            }
            for row in comparison.classes
        ],
        hide_index=True,
    )
    _show_videos(comparison.videos)


def _show_videos(changes: Sequence[VideoChange]) -> None:
    if changes:
        st.markdown("\n".join(f"- {_sentence(change)}" for change in changes))


def _sentence(change: VideoChange) -> str:
    name = f"**{escape_md(change.name)}**"
    if change.before is None:
        return f"{name} was added."
    if change.after is None:
        return f"{name} is no longer in it."
    return f"{name} was edited: revision {change.before} became {change.after}."
