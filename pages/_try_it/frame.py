"""A detector looks at a frame of a video; its boxes are corrected there and become labels."""

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
from pages._shared.detection_filter import TryOut
from pages._shared.page import counted, plain
from pages._try_it.as_labels import use_as_labels
from pages._try_it.correction import Correction
from pages._try_it.findings import show_findings
from pages._try_it.looking import look_at_frame
from pages._try_it.sources import FrameAt
from tpod_core.annotations.label_colors import label_colors
from tpod_core.db import read_session
from tpod_core.models import User, saved_id
from tpod_core.services.inference import FrameDetections

CANVAS, STAGE, CORRECTIONS = "try_it_canvas", "try_it_stage", "try_it_corrections"
_SHOWN = "try_it_shown"
_BESIDE_PX = 420


def show_frame(tried: TryOut, at: FrameAt | None) -> None:
    """What the detector finds in a frame, to be corrected and kept."""
    if at is None:
        return
    look = look_at_frame(tried.detector, at)
    correction = _correction(tried, at)
    correction.hear(read_answer(CANVAS))
    added = _use_if_due(tried.user, at, correction)
    label = _choose_label(tried.detector.labels)
    _show_picture(tried, at, look, correction, label)
    _show_buttons(at, correction)
    if added:
        st.success(added)
    show_findings(tried.filter.select(look.boxes), look)
    if correction.is_pending:
        call_after_answer(correction.end_wait)


def _show_picture(
    tried: TryOut, at: FrameAt, look: FrameDetections, correction: Correction, label: str
) -> None:
    """The canvas and what is said of it."""
    colors = _colors(tried)
    _update(correction, tried, look, colors)
    surface, picture = correction.surface, ""
    if surface:
        picture = frame_url(saved_id(at.video), at.frame_index, surface)
    st.caption(_explanation(correction))
    mount_stage(STAGE, [picture] if picture else [])
    if surface:
        _show_canvas(correction, surface, picture, Pen(label, colors[label]))


def _correction(tried: TryOut, at: FrameAt) -> Correction:
    """What was corrected on this frame of this detector's boxes; it stays for the whole visit."""
    name = f"{tried.detector.id}.{at.video.id}.{at.frame_index}"
    corrections: dict[str, Correction] = st.session_state.setdefault(CORRECTIONS, {})
    return corrections.setdefault(name, Correction(name))


def _update(
    correction: Correction, tried: TryOut, look: FrameDetections, colors: Mapping[str, str]
) -> None:
    correction.hear(read_answer(CANVAS))
    if CANVAS not in st.session_state or st.session_state.get(_SHOWN) != correction.name:
        st.session_state[_SHOWN] = correction.name
        correction.redraw(colors)
    wanted = {
        number: found for number, found in enumerate(look.boxes, 1) if tried.filter.select([found])
    }
    correction.give(wanted, find_surface(STAGE, look.frame_wh, _BESIDE_PX), colors)


def _colors(tried: TryOut) -> dict[str, str]:
    with read_session() as session:
        return label_colors(session, tried.detector.labels)


def _choose_label(labels: Sequence[str]) -> str:
    """What the next box that the person draws is called."""
    return st.selectbox("Label of the next box", labels, key="try-it-label", width=240)


def _explanation(correction: Correction) -> str:
    if correction.used == correction.taken():
        return "These boxes are labels of this frame."
    if not correction.is_touched:
        return "Correct the boxes on the picture: draw what is missing; Edit moves and deletes."
    return "Corrected, not used yet. Solid boxes are yours, dashed ones the detector's."


def _show_canvas(correction: Correction, surface: Surface, picture: str, pen: Pen) -> None:
    # Nobody shall draw on a picture that is still the last one.
    can_draw = not correction.is_pending and is_loaded(STAGE, picture)
    with st.container(key="try-it-picture"):
        show_canvas(
            CANVAS,
            surface,
            correction.drawing,
            picture,
            pen if can_draw else None,
            serial=correction.acts,
        )


def _show_buttons(at: FrameAt, correction: Correction) -> None:
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
                query_params={"video": str(at.video.id), "frame": str(at.frame_index)},
            )


def _use_if_due(user: User, at: FrameAt, correction: Correction) -> str:
    """Use the boxes if that was asked for and the canvas has answered; what came of it."""
    if correction.surface is None:
        correction.end_wait()  # Without a canvas there is nothing to wait for.
    if not correction.take_due():
        return ""
    if correction.refused:
        st.warning(plain(" ".join(dict.fromkeys(correction.refused))))
        return ""
    taken = correction.taken()
    if not taken:
        st.warning("There is no box to use. Draw one on the picture.")
        return ""
    added = use_as_labels(user, at, taken)
    correction.used = taken
    already = len(taken) - added
    known = f" Left out as known or too small: {already}." if already else ""
    return f"{counted(added, 'box')} added as labels.{known}"
