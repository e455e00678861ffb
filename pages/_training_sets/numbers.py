"""Statistics of a training set, for the preview and for a finished set."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from pages._shared.page import counted
from tpod_core.services.training_sets import Leakage, Statistics

_METHODS = {"by_video": "whole videos", "by_block": "one block of each video"}
_BAR_STYLE = """<style>
.tpod-split { display: flex; height: 1.9rem; border-radius: .5rem; overflow: hidden;
  font-size: .85rem; line-height: 1.9rem; color: #fff; }
.tpod-split div { padding: 0 .7rem; white-space: nowrap; overflow: hidden; min-width: 3.2rem; }
.tpod-split .train { background: #2f6fed; }
.tpod-split .guard { background: #737985; }
.tpod-split .val { background: #0b845c; }
</style>"""


def show_totals(statistics: Statistics) -> None:
    """Show counts of frames, boxes, and images left out or added."""
    figures = {
        "Frames": statistics.frames.total,
        "Boxes": statistics.boxes.total,
        "Without objects": statistics.negatives.total,
    }
    at_most = "≤ " if statistics.near_duplicates is None else ""
    for column, (name, value) in zip(st.columns(len(figures)), figures.items(), strict=True):
        column.metric(name, f"{at_most}{value:,}", border=True)
    if at_most:
        st.caption("Frames that look like the one before are found while the set is built.")
    if statistics.near_duplicates:
        st.caption(f"Left out: {counted(statistics.near_duplicates, 'near-duplicate frame')}.")
    if statistics.background_crops:
        crops = counted(statistics.background_crops, "background crop")
        st.caption(f"Plus {crops}.")
    if statistics.masked_frames:
        masked = counted(statistics.masked_frames, "frame")
        st.caption(f"Plus {masked} with only the detections refused in a review, the rest grey.")


def show_split(statistics: Statistics, *, is_built: bool) -> None:
    """Show the shares of training, guard gap and validation, and how they were split."""
    split, frames = statistics.split, statistics.frames
    parts = (
        ("train", frames.train, "Training"),
        ("guard", split.dropped, "Gap"),
        ("val", frames.val, "Validation"),
    )
    shown = "".join(
        f"<div class='{kind}' style='flex-grow:{count}' title='{escape(name)}: {count:,} frames'>"
        f"{escape(name)} {count:,}</div>"
        for kind, count, name in parts
        if count
    )
    st.html(f"{_BAR_STYLE}<div class='tpod-split'>{shown}</div>")
    sentence = (
        f"Validation: {_METHODS[split.method]}, {split.val_fraction:.0%} of the frames. "
        "The detector is never trained on them."
    )
    if split.dropped:
        sentence += (
            f" {counted(split.dropped, 'frame')} next to them "
            f"{_are(split.dropped)} left out as nearly the same."
        )
    st.caption(sentence)
    if split.leakage is not None:
        _leakage_badge(split.leakage, is_built=is_built)


def _leakage_badge(leakage: Leakage, *, is_built: bool) -> None:
    """Show the share of validation frames that nearly equal training frames, as far as known."""
    is_measured = leakage.alike is not None
    if leakage.frames:
        words = f"{_percent(leakage.share)} leakage"
        color = "red" if leakage.is_bad else "orange"
        icon = ":material/water_drop:"
    elif is_measured:
        words, color, icon = "No leakage", "green", ":material/verified:"
    else:
        words, color, icon = "No neighbours in validation", "gray", ":material/schedule:"
    if not is_measured and is_built:
        words += ", likeness not measured"
    elif not is_measured and leakage.frames:
        words = f"Probably {words}"
    st.badge(words, color=color, icon=icon, help=_explained(leakage, is_built))  # type: ignore[arg-type]


def _explained(leakage: Leakage, is_built: bool) -> str:
    found = "No validation frame is"
    if leakage.frames:
        found = f"{counted(leakage.frames, 'validation frame')} {_are(leakage.frames)}"
    near = f"within {counted(leakage.within_frames, 'frame')} of a training frame of the same file"
    result = ": the score will be too good." if leakage.frames else "."
    if leakage.alike is not None:
        return f"{found} {near}, or nearly equal{_s(leakage.frames)} a training picture{result}"
    if is_built:
        return (
            f"{found} {near}{result} An earlier version built this set and did not compare its "
            "pictures. Build it again to know which of them nearly equal each other."
        )
    return (
        f"{found} {near}. When the set is built, its pictures are compared, and the badge then "
        "counts those that nearly equal each other."
    )


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _s(count: int) -> str:
    return "" if count > 1 else "s"


def _percent(share: float) -> str:
    return "under 1%" if share < 0.01 else f"{share:.0%}"


def show_class_chart(statistics: Statistics) -> None:
    """Show the boxes of each class in both splits."""
    st.bar_chart(
        {
            "Class": [row.name for row in statistics.classes],
            "Training": [row.boxes.train for row in statistics.classes],
            "Validation": [row.boxes.val for row in statistics.classes],
        },
        x="Class",
        y=["Training", "Validation"],
        y_label="Boxes",
        color=["#2f6fed", "#0b845c"],
        horizontal=True,
        sort=False,
    )


def show_class_table(statistics: Statistics) -> None:
    st.dataframe(
        [
            {
                "Class": row.name,
                "Training boxes": row.boxes.train,
                "Validation boxes": row.boxes.val,
            }
            for row in statistics.classes
        ],
        hide_index=True,
    )


def show_video_table(statistics: Statistics) -> None:
    """Show what each video contributes, and which of its frames are held out."""
    st.dataframe(
        [
            {
                "Video": f"{row.name} (locked)" if row.held_out else row.name,
                "Training frames": row.frames.train,
                "Validation frames": row.frames.val,
                "Boxes": row.boxes.total,
                "Held out": _spans(row.val_spans),
                "Selected from": row.basis,
            }
            for row in statistics.videos
        ],
        hide_index=True,
    )


def _spans(spans: Sequence[tuple[int, int]]) -> str:
    return ", ".join(f"{start}–{stop - 1}" for start, stop in spans) or "–"
