"""The page of one training set: its progress, contents and actions."""

from collections.abc import Mapping
from html import escape

import streamlit as st

from pages._shared.acting import fragment
from pages._shared.feedback import show_errors
from pages._shared.page import escape_md, page_header, warning_box
from pages._training_sets.charts import show_classes_by_video, show_shapes
from pages._training_sets.comparison import show_comparison
from pages._training_sets.numbers import (
    show_class_chart,
    show_split,
    show_totals,
    show_video_table,
)
from tpod_core import access
from tpod_core.annotations.label_colors import label_colors
from tpod_core.db import read_session, transaction
from tpod_core.models import TrainingSet, TrainingSetState, User, saved_id
from tpod_core.services import jobs, training_set_files, training_sets

REFRESH_S = 1.0
_SAMPLE_COUNT, _SAMPLE_WIDTH_PX, _SAMPLE_COLUMNS = 8, 480, 4
_FORMATS = {
    "yolo": ("YOLO", "Images and label files in the layout of Ultralytics."),
    "coco": ("COCO", "Images and one JSON file per split."),
    "voc": ("Pascal VOC", "Images and one XML file per image."),
}
_BADGES = {
    TrainingSetState.QUEUED: ("Waiting", "gray", ":material/hourglass_empty:"),
    TrainingSetState.BUILDING: ("Building", "blue", ":material/autorenew:"),
    TrainingSetState.READY: ("Ready", "green", ":material/check_circle:"),
    TrainingSetState.FAILED: ("Failed", "red", ":material/error:"),
}


def state_badge(state: TrainingSetState) -> None:
    label, color, icon = _BADGES[state]
    st.badge(label, color=color, icon=icon)  # type: ignore[arg-type]


def show_training_set(user: User, training_set_id: int) -> None:
    if st.button("All training sets", icon=":material/arrow_back:", type="tertiary"):
        st.query_params.clear()
        st.rerun()
    with read_session() as session:
        training_set = access.get_training_set(session, user, training_set_id)
    page_header(
        escape_md(training_set.name),
        f"Created on {training_set.created_at:%d %B %Y, %H:%M} UTC",
    )
    if training_sets.is_building(training_set):
        fragment(_show_building, REFRESH_S)(training_set_id)
    else:
        _show_actions(user, training_set)
        if training_set.state is TrainingSetState.FAILED:
            st.error(escape_md(training_set.message))
    _show_numbers(training_set)
    if training_set.state is TrainingSetState.READY:
        _show_samples(training_set)
        st.subheader("Comparison with another training set", anchor=False)
        show_comparison(user, training_set)
        st.caption(
            f"Content hash {training_set.content_hash[:12]}: equal for equal labels and settings."
        )


def _show_building(user: User, training_set_id: int) -> None:
    """Show the progress of the build; then the whole page reruns."""
    with show_errors():
        with read_session() as session:
            training_set = access.get_training_set(session, user, training_set_id)
            progress = training_sets.progress_of(session, training_set)
        if not training_sets.is_building(training_set):
            st.rerun(scope="app")
        with st.container(horizontal=True, vertical_alignment="center"):
            state_badge(training_set.state)
            if training_set.job_id and st.button("Cancel", icon=":material/stop_circle:"):
                with transaction() as session:
                    jobs.cancel(session, user, training_set.job_id)
        st.progress(progress, f"{progress:.0%} of the images are written")


def _show_actions(user: User, training_set: TrainingSet) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        state_badge(training_set.state)
        if training_set.state is TrainingSetState.READY:
            if st.button(
                "Train a detector with it", type="primary", icon=":material/model_training:"
            ):
                st.switch_page("detectors.py", query_params={"training_set": str(training_set.id)})
            with st.popover("Download", icon=":material/download:"):
                _show_downloads(saved_id(training_set))
        with st.popover("Delete", icon=":material/delete:"):
            st.write("Its images and label files are removed for good. Detectors stay.")
            if st.button("Delete this training set", type="primary"):
                _delete(user, saved_id(training_set))


def _show_downloads(training_set_id: int) -> None:
    """Links to the training set in the formats of other tools."""
    for format_name, (label, sentence) in _FORMATS.items():
        st.link_button(
            label,
            f"/api/v1/trainsets/{training_set_id}/download?format={format_name}",
            help=sentence,
            width="stretch",
        )


def _delete(user: User, training_set_id: int) -> None:
    with transaction() as session:
        row = access.get_training_set(session, user, training_set_id)
        training_sets.delete(session, row)
    st.query_params.clear()
    st.rerun()


def _show_numbers(training_set: TrainingSet) -> None:
    statistics = training_sets.statistics_in(training_set)
    left, right = st.columns(2, gap="large")
    with left:
        show_totals(statistics)
        show_split(statistics, is_built=training_set.state is TrainingSetState.READY)
    with right:
        st.markdown("**Boxes of each class**")
        show_class_chart(statistics)
    warning_box(training_set.warnings)
    if statistics.shapes is not None:
        st.subheader("Boxes", anchor=False)
        show_shapes(statistics.shapes)
    st.subheader("Videos", anchor=False)
    chart, table = st.columns([1, 2], gap="large")
    with chart:
        show_classes_by_video(statistics, _colors(training_set))
    with table:
        show_video_table(statistics)


def _show_samples(training_set: TrainingSet) -> None:
    st.subheader("Sample images", anchor=False)
    colors = _colors(training_set)
    st.html(_legend(colors))
    pictures = _contact_sheet(
        (training_set.content_hash, training_set.directory_key),
        tuple(colors.values()),
        training_set,
    )
    for start in range(0, len(pictures), _SAMPLE_COLUMNS):
        row = pictures[start : start + _SAMPLE_COLUMNS]
        for column, (jpeg, caption) in zip(st.columns(_SAMPLE_COLUMNS), row, strict=False):
            column.image(jpeg, caption, width="stretch")


@st.cache_data(max_entries=20, show_spinner=False)
def _contact_sheet(
    set_key: tuple[str, str], colors: tuple[str, ...], _training_set: TrainingSet
) -> list[tuple[bytes, str]]:
    """Cached, because a set never changes; the first two arguments are the cache key."""
    pictures = training_set_files.contact_sheet(
        _training_set, _SAMPLE_COUNT, _SAMPLE_WIDTH_PX, colors
    )
    names = {row.video_id: row.name for row in training_sets.statistics_in(_training_set).videos}
    parts = {"train": "training", "val": "validation"}
    return [
        (
            picture.jpeg,
            f"{escape_md(names[picture.frame.video_id])}, frame {picture.frame.frame_index}, "
            f"{parts[picture.frame.split]}",
        )
        for picture in pictures
    ]


def _colors(training_set: TrainingSet) -> dict[str, str]:
    """Maps each class to its colour, in the order of the class ids."""
    classes = [row.name for row in training_sets.statistics_in(training_set).classes]
    with read_session() as session:
        return label_colors(session, classes)


def _legend(colors: Mapping[str, str]) -> str:
    """The HTML of a legend: each class with the colour of its boxes."""
    entries = "".join(
        f"<span style='margin-right:1rem'><i style='display:inline-block;width:.7rem;height:.7rem;"
        f"border-radius:50%;margin-right:.35rem;background:{color}'></i>"
        f"{escape(name)}</span>"
        for name, color in colors.items()
    )
    return f"<div style='font-size:.9rem'>{entries}</div>"
