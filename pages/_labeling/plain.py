"""The plain mode of the labelling screen: one frame, the drawing canvas, ordinary buttons."""

from pathlib import Path

import streamlit as st

from pages._labeling.plain_labels import choose_label
from pages._labeling.plain_session import Act, PlainSession, Question
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
from pages._shared.page import counted, plain
from tpod_core.models import User, Video, saved_id

CANVAS, STAGE, SESSION = "plain_canvas", "plain_stage", "plain_session"
_BESIDE_PX = 340
"""What the window's height must hold besides the canvas."""
_STYLE = (Path(__file__).parent / "plain.css").read_text("utf-8")


def show(user: User, video: Video) -> None:
    """Raises: NotFound if somebody deletes the video meanwhile."""
    session = _session(user, video)
    session.refresh(user)
    if surface := find_surface(STAGE, video.frame_wh, _BESIDE_PX):
        session.resize(surface)
    session.hear(read_answer(CANVAS))
    if session.pending and session.pending.is_due:
        session.perform(user)
    if session.has_left:
        _leave(session)
    _write_address(session)
    st.html(f"<style>{_STYLE}</style>")
    with st.container(key="plain-screen"):
        _show_screen(user, session)
    if session.pending:
        call_after_answer(session.end_wait)


def _session(user: User, video: Video) -> PlainSession:
    session: PlainSession | None = st.session_state.get(SESSION)
    if session is None or session.video.id != video.id:
        session = PlainSession.open(user, saved_id(video), _wanted_frame())
        st.session_state[SESSION] = session
    elif CANVAS not in st.session_state:  # The person comes back, perhaps for another frame.
        session.restore()
        session.follow(_wanted_frame())
    return session


def _write_address(session: PlainSession) -> None:
    """A reload stays where one is. The address is not read again: it comes late at times."""
    if session.frame != session.address:
        session.address = session.frame
        st.query_params["frame"] = str(session.frame)


def _show_screen(user: User, session: PlainSession) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plain(session.video.name)}**", width="stretch")
        st.button(
            "Fast mode",
            type="tertiary",
            icon=":material/bolt:",
            help="All tracks, zoom, playing and keys, for a mouse and a large window.",
            on_click=session.ask,
            args=(Act.LEAVE,),
        )
    label = choose_label(user, session)
    with st.container():  # Always there, so that the canvas keeps its place and stays what it is.
        if session.notice:
            st.warning(plain(session.notice))
        if session.question:
            _show_question(user, session, session.question)
    _show_picture(session, label)
    _show_buttons(session)


def _show_picture(session: PlainSession, label: str) -> None:
    """The canvas and what is said of it."""
    pictures = _pictures(session)
    _show_state(session)
    mount_stage(STAGE, pictures)
    if session.surface:
        _show_canvas(session, session.surface, label, pictures[0])


def _show_canvas(session: PlainSession, surface: Surface, label: str, picture: str) -> None:
    # Nobody shall draw on a picture that is about to change, or that is still the last one.
    can_draw = label and not session.pending and is_loaded(STAGE, picture)
    pen = Pen(label, session.colors()[label]) if can_draw else None
    # While something waits, the canvas is disabled like one whose picture is to come.
    serial = 2 * session.acts + bool(session.pending)
    show_canvas(CANVAS, surface, session.drawing, picture, pen, serial=serial)


def _show_state(session: PlainSession) -> None:
    """What is saved and what is not; to the right of it lies the canvas's toolbar."""
    with st.container(key="plain-state"):
        st.caption(_state_text(session))


def _state_text(session: PlainSession) -> str:
    found = session.changes()
    where = f"Frame {session.frame} of {session.video.frame_count - 1}"
    if session.pending:
        return f"{where} · one moment …"
    if found.count:
        are = "is" if found.count == 1 else "are"
        said = f"**{counted(found.count, 'change')} on this frame {are} not saved yet**"
    elif found.taps:
        said = "A tap is no box: drag to draw one"
    else:
        said = plain(session.done)
    return f"{where} · {said}" if said else where


def _show_buttons(session: PlainSession) -> None:
    last = session.video.frame_count - 1
    with st.container(horizontal=True, gap="xsmall"):
        st.button(
            "Previous",
            icon=":material/chevron_left:",
            disabled=session.going_to == 0,
            on_click=session.step,
            args=(-1,),
        )
        st.button(
            "Next",
            icon=":material/chevron_right:",
            disabled=session.going_to == last,
            on_click=session.step,
            args=(1,),
        )
        st.button(
            "Save", type="primary", icon=":material/save:", on_click=session.ask, args=(Act.SAVE,)
        )
        st.button(
            "Undo",
            icon=":material/undo:",
            help="Takes back what you saved last. What is not saved yet, the canvas's own arrow "
            "takes back.",
            on_click=session.ask,
            args=(Act.UNDO,),
        )
    if last:
        _show_frames(session, last)


def _show_frames(session: PlainSession, last: int) -> None:
    """Any frame by its number, or by its place in the video.

    Both are new after each act: the browser, when it is late, still tells of the older ones.
    """
    with st.container(horizontal=True, vertical_alignment="center"):
        for name, field in (("number", st.number_input), ("place", st.slider)):
            key = f"plain-{name}-{session.acts}"
            field(
                "Frame",
                0,
                last,
                session.frame,
                key=key,
                on_change=_go_to_chosen,
                args=(session, key, session.acts),
                label_visibility="collapsed",
                width=130 if name == "number" else "stretch",
            )


def _go_to_chosen(session: PlainSession, key: str, acts: int) -> None:
    if acts == session.acts:
        session.ask(Act.GO, int(st.session_state[key]))


def _show_question(user: User, session: PlainSession, question: Question) -> None:
    st.warning(plain(question.text))
    with st.container(horizontal=True):
        if question.only:
            st.button("Delete it", on_click=session.insist)
            st.button("Keep it", on_click=session.keep_boxes)
        else:
            st.button("Do it again", on_click=session.insist)
            st.button("Leave it", on_click=session.drop_drawing, args=(user,))


def _pictures(session: PlainSession) -> list[str]:
    """The addresses of this frame and, for it to be there at once, of the next one."""
    if session.surface is None:
        return []
    following = min(session.frame + 1, session.video.frame_count - 1)
    number = saved_id(session.video)
    return [frame_url(number, frame, session.surface) for frame in (session.frame, following)]


def _leave(session: PlainSession) -> None:
    del st.session_state[SESSION]
    st.query_params.from_dict(
        {"video": str(session.video.id), "frame": str(session.frame), "mode": "fast"}
    )
    st.rerun()


def _wanted_frame() -> int:
    frame = st.query_params.get("frame", "")
    return int(frame) if frame.isdecimal() else 0
