"""Runs a detector on a frame of a video; its boxes can be corrected and saved as labels."""

from collections.abc import Mapping, Sequence

import streamlit as st

from pages._shared.canvas import Surface
from pages._shared.canvas_stage import (
    Pen,
    call_after_answer,
    find_surface,
    frame_url,
    is_loaded,
    mount_stage,
    read_answer,
    show_canvas,
)
from pages._shared.detection_filter import DetectorTrial
from pages._shared.page import counted, escape_md
from pages._try_it.add_labels import add_labels
from pages._try_it.cached_inference import run_on_frame
from pages._try_it.correction import Correction
from pages._try_it.detections import show_detections
from pages._try_it.sources import VideoFrame
from tpod_core.annotations.label_colors import label_colors
from tpod_core.db import read_session
from tpod_core.models import User
from tpod_core.services.inference import FrameDetections

CANVAS, STAGE, CORRECTIONS = "try_it_canvas", "try_it_stage", "try_it_corrections"
_SHOWN = "try_it_shown"
_RESERVED_HEIGHT_PX = 420


def show_frame(trial: DetectorTrial, frame: VideoFrame | None) -> None:
    """Show the detections on a frame, to be corrected and saved."""
    if frame is None:
        return
    detections = run_on_frame(trial.detector, frame)
    correction = _correction(trial, frame)
    correction.receive_answer(read_answer(CANVAS))
    added = _save_if_due(trial.user, frame, correction)
    label = _choose_label(trial.detector.labels)
    _show_picture(trial, frame, detections, correction, label)
    _show_buttons(frame, correction)
    if added:
        st.success(added)
    show_detections(trial.filter.select(detections.boxes), detections)
    if correction.is_pending:
        call_after_answer(correction.end_wait)


def _show_picture(
    trial: DetectorTrial,
    frame: VideoFrame,
    detections: FrameDetections,
    correction: Correction,
    label: str,
) -> None:
    """Show the state of the corrections and the canvas."""
    colors = _colors(trial)
    _update(correction, trial, detections, colors)
    surface, picture = correction.surface, ""
    if surface:
        picture = frame_url(frame.video, frame.frame_index, surface)
    st.caption(_explanation(correction))
    with st.container():
        if surface:
            _show_canvas(correction, surface, picture, Pen(label, colors[label]))
    mount_stage(STAGE, [picture] if picture else [])


def _correction(trial: DetectorTrial, frame: VideoFrame) -> Correction:
    """The corrections of this detector's boxes on this frame, kept for the browser session."""
    name = f"{trial.detector.id}.{frame.video.id}.{frame.frame_index}"
    corrections: dict[str, Correction] = st.session_state.setdefault(CORRECTIONS, {})
    return corrections.setdefault(name, Correction(name))


def _update(
    correction: Correction,
    trial: DetectorTrial,
    detections: FrameDetections,
    colors: Mapping[str, str],
) -> None:
    correction.receive_answer(read_answer(CANVAS))
    if CANVAS not in st.session_state or st.session_state.get(_SHOWN) != correction.name:
        st.session_state[_SHOWN] = correction.name
        correction.redraw(colors)
    shown = {
        number: found
        for number, found in enumerate(detections.boxes, 1)
        if trial.filter.select([found])
    }
    correction.show(shown, find_surface(STAGE, detections.frame_wh, _RESERVED_HEIGHT_PX), colors)


def _colors(trial: DetectorTrial) -> dict[str, str]:
    with read_session() as session:
        return label_colors(session, trial.detector.labels)


def _choose_label(labels: Sequence[str]) -> str:
    """Choose the label of the next box that the user draws."""
    return st.selectbox("Label of the next box", labels, key="try-it-label", width=240)


def _explanation(correction: Correction) -> str:
    if correction.saved == correction.boxes():
        return "These boxes are saved as labels."
    if not correction.is_touched:
        return "Correct the boxes on the picture: draw what is missing; Edit moves and deletes."
    return "Corrected, not saved yet. Solid boxes are yours, dashed ones the detector's."


def _show_canvas(correction: Correction, surface: Surface, picture: str, pen: Pen) -> None:
    # No drawing while the previous picture is still shown.
    can_draw = not correction.is_pending and is_loaded(STAGE, picture)
    with st.container(key="try-it-picture"):
        show_canvas(
            CANVAS,
            surface,
            correction.drawing,
            picture,
            pen if can_draw else None,
            serial=correction.action_count,
        )


def _show_buttons(frame: VideoFrame, correction: Correction) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Use these boxes as labels",
            type="primary",
            icon=":material/add_box:",
            on_click=correction.ask,
            help="Adds them to this frame of the video. You can undo it on the labelling screen.",
        )
        if st.button("Open in the labelling screen", icon=":material/edit:"):
            st.switch_page(
                "labeling.py",
                query_params={"video": str(frame.video.id), "frame": str(frame.frame_index)},
            )


def _save_if_due(user: User, frame: VideoFrame, correction: Correction) -> str:
    """Save the boxes if requested and the canvas has answered; returns a sentence on the result."""
    if correction.surface is None:
        correction.end_wait()  # Without a canvas there is no answer to wait for.
    if not correction.pop_due():
        return ""
    if correction.refused:
        st.warning(escape_md(" ".join(dict.fromkeys(correction.refused))))
        return ""
    boxes = correction.boxes()
    if not boxes:
        st.warning("There is no box to save. Draw one on the picture.")
        return ""
    added = add_labels(user, frame, boxes)
    correction.saved = boxes
    skipped = len(boxes) - added
    note = f" Skipped as already labelled or too small: {skipped}." if skipped else ""
    return f"{counted(added, 'box')} added as labels.{note}"
