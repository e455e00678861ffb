"""The plain mode of the labelling screen: one frame, the drawing canvas, ordinary buttons."""

import streamlit as st

from pages._labeling.plain_labels import choose_label
from pages._labeling.plain_session import Action, PlainSession, Question
from pages._shared.acting import as_user
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
from pages._shared.component import script_component
from pages._shared.page import counted, escape_md
from tpod_core.models import User, Video, find_row_id, saved_id

CANVAS, STAGE, SESSION = "plain_canvas", "plain_stage", "plain_session"
_RESERVED_HEIGHT_PX = 340
"""The height that everything but the canvas needs."""
_STAGE = script_component("tpod_plain_stage", "_labeling/plain_stage.js")


def show(user: User, video: Video) -> None:
    """Show the plain mode. Raises: NotFound if somebody has deleted the video."""
    session = _session(user, video)
    session.refresh(user)
    if surface := find_surface(STAGE, video.frame_wh, _RESERVED_HEIGHT_PX):
        session.resize(surface)
    session.receive_answer(read_answer(CANVAS))
    if session.pending and session.pending.is_due:
        session.perform(user)
    if session.has_left:
        _leave(session)
    _update_frame_parameter(session)
    with st.container(key="plain-screen"):
        _show_screen(user, session)
    if session.pending:
        call_after_answer(session.end_wait)


def _session(user: User, video: Video) -> PlainSession:
    session: PlainSession | None = st.session_state.get(SESSION)
    if session is None or session.video.id != video.id:
        session = PlainSession.open(user, saved_id(video), _wanted_frame())
        st.session_state[SESSION] = session
    elif CANVAS not in st.session_state:  # The user has returned, perhaps to another frame.
        session.restore()
        session.follow_address(_wanted_frame())
    return session


def _update_frame_parameter(session: PlainSession) -> None:
    """Keep the frame on reload. The parameter is not read back: it sometimes arrives late."""
    if session.frame != session.address:
        session.address = session.frame
        st.query_params["frame"] = str(session.frame)


def _show_screen(user: User, session: PlainSession) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{escape_md(session.video.name)}**", width="stretch")
        st.button(
            "Fast mode",
            type="tertiary",
            icon=":material/bolt:",
            help="All tracks, zoom, playing and keys, for a mouse and a large window.",
            on_click=session.ask,
            args=(Action.LEAVE,),
        )
    label = choose_label(user, session)
    with st.container():  # Always present: otherwise the canvas would be remounted.
        if session.notice:
            st.warning(escape_md(session.notice))
        if session.question:
            _show_question(session, session.question)
    _show_picture(session, label)
    _show_buttons(session)


def _show_picture(session: PlainSession, label: str) -> None:
    """Show the canvas and the state of the frame."""
    urls = _frame_urls(session)
    _show_state(session)
    with st.container():
        if session.surface:
            _show_canvas(session, session.surface, label, urls[0])
    mount_stage(STAGE, urls, _STAGE)


def _show_canvas(session: PlainSession, surface: Surface, label: str, picture: str) -> None:
    # No drawing on a picture that is about to change, or that is still the previous one.
    can_draw = label and not session.pending and is_loaded(STAGE, picture)
    pen = Pen(label, session.colors()[label]) if can_draw else None
    # The canvas is disabled while an action is pending, as while its picture loads.
    serial = 2 * session.action_count + bool(session.pending)
    show_canvas(CANVAS, surface, session.drawing, picture, pen, serial=serial)


def _show_state(session: PlainSession) -> None:
    """Show whether there are unsaved changes, to the left of the canvas's toolbar."""
    with st.container(key="plain-state"):
        st.caption(_state_text(session))


def _state_text(session: PlainSession) -> str:
    changes = session.changes()
    where = f"Frame {session.frame} of {session.video.frame_count - 1}"
    if session.pending:
        return f"{where} · one moment …"
    if changes.count:
        are = "is" if changes.count == 1 else "are"
        text = f"**{counted(changes.count, 'change')} on this frame {are} not saved yet**"
    elif changes.taps:
        text = "Drag to draw a box"
    else:
        text = escape_md(session.done)
    return f"{where} · {text}" if text else where


def _show_buttons(session: PlainSession) -> None:
    last = session.video.frame_count - 1
    with st.container(horizontal=True, gap="xsmall"):
        st.button(
            "Previous",
            icon=":material/chevron_left:",
            disabled=session.target_frame == 0,
            on_click=session.step,
            args=(-1,),
        )
        st.button(
            "Next",
            icon=":material/chevron_right:",
            disabled=session.target_frame == last,
            on_click=session.step,
            args=(1,),
        )
        st.button(
            "Save",
            type="primary",
            icon=":material/save:",
            on_click=session.ask,
            args=(Action.SAVE,),
        )
        st.button(
            "Undo",
            icon=":material/undo:",
            help="Undoes what you saved last. For changes that are not saved yet, use the arrow on "
            "the canvas.",
            on_click=session.ask,
            args=(Action.UNDO,),
        )
    if last:
        _show_frame_fields(session, last)


def _show_frame_fields(session: PlainSession, last: int) -> None:
    """Choose a frame by its number or with a slider.

    Both widgets get a new key after each action: a late browser still reports the old ones.
    """
    with st.container(horizontal=True, vertical_alignment="center"):
        for name, field in (("number", st.number_input), ("slider", st.slider)):
            key = f"plain-{name}-{session.action_count}"
            field(
                "Frame",
                0,
                last,
                session.frame,
                key=key,
                on_change=_go_to_chosen,
                args=(session, key, session.action_count),
                label_visibility="collapsed",
                width=130 if name == "number" else "stretch",
            )


def _go_to_chosen(session: PlainSession, key: str, action_count: int) -> None:
    if action_count == session.action_count:
        session.ask(Action.GO, int(st.session_state[key]))


def _show_question(session: PlainSession, question: Question) -> None:
    st.warning(escape_md(question.text))
    with st.container(horizontal=True):
        if question.single_frame_tracks:
            st.button("Delete it", on_click=session.confirm)
            st.button("Keep it", on_click=session.keep_boxes)
        else:
            st.button("Save anyway", on_click=session.confirm)
            st.button("Discard", on_click=as_user(session.drop_drawing))


def _frame_urls(session: PlainSession) -> list[str]:
    """The URLs of this frame and of the next one, which the browser loads ahead."""
    if session.surface is None:
        return []
    following = min(session.frame + 1, session.video.frame_count - 1)
    return [
        frame_url(session.video, frame, session.surface) for frame in (session.frame, following)
    ]


def _leave(session: PlainSession) -> None:
    del st.session_state[SESSION]
    st.query_params.from_dict(
        {"video": str(session.video.id), "frame": str(session.frame), "mode": "fast"}
    )
    st.rerun()


def _wanted_frame() -> int:
    return find_row_id(st.query_params.get("frame", "")) or 0
