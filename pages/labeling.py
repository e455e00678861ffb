"""The labelling screen: ``/labeling?video=12``, optionally ``&frame=340``."""

from collections.abc import Callable
from typing import Any

import streamlit as st
from streamlit_drawable_canvas import st_canvas

from pages._labeling import annotator, state, view
from pages._labeling import plain as plain_mode
from pages._labeling.acts import read_outbox
from pages._labeling.canvas import FONT_PX, STROKE_PX, Surface
from pages._labeling.session import LabelingSession
from pages._shared.feedback import show_errors
from pages._shared.guard import find_user, require_user
from pages._shared.page import page_header, plain
from tpod_core import access
from tpod_core.db import reading
from tpod_core.errors import NotFound
from tpod_core.models import Role, User, Video, VideoState, saved_id

CANVAS, ANNOTATOR, FEED = "annotator_drawing", "annotator", "annotator_feed"
_OFFSCREEN_URL = "http://localhost"
_UNLABELLED_COLOR = "#888888"


def main() -> None:
    user = require_user()
    wanted = st.query_params.get("video", "")
    if not wanted.isdecimal():
        _explain("Choose a video", "This screen shows one video: open it from the list.")
        return
    with show_errors():
        try:
            with reading() as session:
                video = access.get_video(session, user, int(wanted))
        except NotFound as missing:
            _explain("No such video", missing.message)
            return
        if not video.frame_count:
            _explain_state(video)
        elif st.query_params.get("mode") == "plain":
            plain_mode.show(user, video)
        else:
            _annotate(saved_id(video))


@st.fragment
def _annotate(video_id: int) -> None:
    """The screen itself; each rerun ends by telling the annotator what is saved now."""
    user = require_user()
    with show_errors():
        try:
            desk = _desk(user, video_id)
        except NotFound as missing:  # somebody has deleted the video meanwhile
            _explain("No such video", missing.message)
            return
        if desk.surface is None and (stage := _stage()):
            desk.resize(user, stage)
        with st.container(key="annotator-screen"):
            annotator.mount(view.constants(desk.video), ANNOTATOR, _on_stage, _on_outbox)
            if desk.surface:
                with st.container(key="annotator-canvas"):
                    _canvas(desk, desk.surface)
            annotator.feed(view.feed(desk), FEED)


def _desk(user: User, video_id: int) -> LabelingSession:
    """What this browser tab has open of the video, as it is now. Raises: NotFound."""
    desk = state.labeling_session()
    if desk is None or desk.video.id != video_id:
        desk = LabelingSession.open(user, video_id, _wanted_frame())
        state.set_labeling_session(desk)
    else:
        desk.refresh(user)
    return desk


def _canvas(desk: LabelingSession, surface: Surface) -> None:
    width, height = surface.canvas_wh
    st_canvas(
        drawing_mode="labeled_rect",
        background_image=view.frame_url(desk, surface, st.context.url or _OFFSCREEN_URL),
        initial_drawing=desk.drawing,
        label=desk.label,
        stroke_color=desk.colors().get(desk.label, _UNLABELLED_COLOR),
        stroke_width=STROKE_PX,
        fill_color="rgba(0, 0, 0, 0)",
        font_size=FONT_PX,
        width=width,
        height=height,
        # The annotator asks for the drawing at each mouse-up; the canvas's own sending would
        # come 200 ms later, and once more after every change of frame.
        update_streamlit=False,
        key=CANVAS,
        on_change=_on_drawing,
    )


def _on_drawing() -> None:
    _save_then()


def _on_outbox() -> None:
    outbox = st.session_state[ANNOTATOR]["outbox"]
    _save_then(lambda desk, user: desk.perform(user, read_outbox(outbox)))


def _on_stage() -> None:
    if stage := _stage():
        _save_then(lambda desk, user: desk.resize(user, stage))


def _save_then(action: Callable[[LabelingSession, User], None] | None = None) -> None:
    """Save the canvas, then do what was asked.

    Without a signed-in user nothing happens here: the rerun that follows asks to sign in.
    """
    user, desk = find_user(), state.labeling_session()
    if user is None or user.role is Role.NONE or desk is None:
        return
    with show_errors():
        desk.commit(user, _drawing())
        if action:
            action(desk, user)


def _drawing() -> dict[str, Any] | None:
    """The canvas's newest answer: ``CanvasResult.json_data``, at the time of a callback."""
    answer = st.session_state.get(CANVAS) or {}
    return (answer.get("drawing") or {}).get("raw")


def _stage() -> tuple[int, int] | None:
    """The room for the canvas in CSS pixels, once the annotator has measured it."""
    stage = (st.session_state.get(ANNOTATOR) or {}).get("stage")
    return (int(stage["width"]), int(stage["height"])) if stage else None


def _wanted_frame() -> int:
    frame = st.query_params.get("frame", "")
    return int(frame) if frame.isdecimal() else 0


def _explain_state(video: Video) -> None:
    if video.state is VideoState.FAILED:
        _explain(video.name, f"This video cannot be labelled. {video.message}")
    elif video.state in (VideoState.CREATED, VideoState.UPLOADING):
        _explain(video.name, "This video has no file yet: its upload has not ended.")
    else:
        _explain(video.name, "The first frames are being read. Open it again in a moment.")


def _explain(title: str, sentence: str) -> None:
    page_header(plain(title), plain(sentence))
    if st.button("Go to the videos", icon=":material/movie:"):
        st.switch_page("videos.py")


main()
