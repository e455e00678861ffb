"""A video on the Videos page: its picture, how far it is, and what can be done with it."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from pages._shared.feedback import show_errors
from pages._shared.guard import require_user
from pages._shared.page import duration_text, size_text
from tpod_core import access
from tpod_core.db import reading, transaction
from tpod_core.models import Label, Video, VideoState, saved_id
from tpod_core.palette import color_at
from tpod_core.services import videos
from tpod_core.services.videos import Labelled

_PICTURE_STYLE = """<style>
.tpod-thumb { position: relative; aspect-ratio: 16/9; border-radius: .5rem; overflow: hidden;
  background: rgba(128,128,128,.16); color: rgba(128,128,128,.9);
  display: grid; place-items: center; }
.tpod-thumb img { width: 100%; height: 100%; object-fit: cover; display: block; }
.tpod-thumb span { position: absolute; right: .45rem; bottom: .45rem; padding: .1rem .4rem;
  border-radius: .3rem; background: rgba(0,0,0,.72); color: #fff; font-size: .78rem; }
.tpod-dots { display: flex; flex-wrap: wrap; gap: .3rem .8rem; font-size: .85rem; }
.tpod-dots i { display: inline-block; width: .65rem; height: .65rem; border-radius: 50%;
  margin-right: .35rem; }
</style>"""


def video_card(
    video: Video, done: Labelled, labels: Sequence[Label], import_progress: float
) -> None:
    """One card; its buttons act through the videos service."""
    with st.container(border=True):
        st.html(_PICTURE_STYLE + _picture(video))
        st.markdown(f"**{_plain(video.name)}**")
        st.caption(_facts(video))
        _state(video, done, import_progress)
        st.html(_dots(labels))
        _actions(video, labels)


def _picture(video: Video) -> str:
    if video.state is not VideoState.READY:
        return f"<div class='tpod-thumb'>{escape(video.state.value)}</div>"
    return (
        f"<div class='tpod-thumb'><img src='/api/v1/videos/{video.id}/preview' alt=''>"
        f"<span>{duration_text(video.duration_s)}</span></div>"
    )


def _plain(text: str) -> str:
    """``text`` without a meaning in Markdown."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]()#+-.!|~$<>:" else c for c in text)


def _facts(video: Video) -> str:
    parts = [size_text(video.size_bytes)] if video.size_bytes else []
    if video.width:
        parts += [f"{video.width}×{video.height}", f"{video.frame_count:,} frames"]
    return " · ".join(parts) or "No file yet"


def _state(video: Video, done: Labelled, import_progress: float) -> None:
    if video.state is VideoState.FAILED:
        st.error(video.message, icon=":material/error:")
    elif video.state is VideoState.READY:
        share = done.share(video)
        st.progress(
            share, f"{share:.0%} fully labelled · {done.tracks} tracks, {done.keyframes} key frames"
        )
        for warning in video.warnings:
            st.caption(f":material/info: {_plain(warning)}")
    elif video.state is VideoState.CREATED:
        st.caption(_plain(video.message) or "Waiting for its file.")
    else:
        words = {VideoState.UPLOADING: "Uploading", VideoState.QUEUED: "Waiting to be read"}
        text = words.get(video.state, f"Reading frames, {import_progress:.0%}")
        st.progress(import_progress, text)


def _dots(labels: Sequence[Label]) -> str:
    shown = "".join(
        f"<span><i style='background:{label.color}'></i>{escape(label.name)}</span>"
        for label in labels
    )
    return f"<div class='tpod-dots'>{shown or '<span>No labels yet</span>'}</div>"


def _actions(video: Video, labels: Sequence[Label]) -> None:
    number = saved_id(video)
    open_it, labels_button, more = st.columns([2, 2, 1])
    usable = video.state in (VideoState.READY, VideoState.PROCESSING) and video.frame_count > 0
    if open_it.button(
        "Label", key=f"open-{number}", type="primary", width="stretch", disabled=not usable
    ):
        st.switch_page("labeling.py", query_params={"video": str(number)})
    if labels_button.button("Labels …", key=f"labels-{number}", width="stretch"):
        _edit_labels(number, list(labels))
    with more.popover(":material/more_horiz:", width="stretch"):
        if st.button("Rename", key=f"rename-{number}", width="stretch"):
            _rename(number, video.name)
        if st.button("Delete", key=f"delete-{number}", width="stretch"):
            _delete(number, video.name)


@st.dialog("Rename the video")
def _rename(video_id: int, name: str) -> None:
    user = require_user()
    new_name = st.text_input("Name", name)
    if st.button("Rename", type="primary"):
        with show_errors():
            with transaction() as session:
                videos.rename(session, access.get_video(session, user, video_id), new_name)
            st.rerun()


@st.dialog("Labels of this video")
def _edit_labels(video_id: int, labels: list[Label]) -> None:
    """The list as a table; one name is one class, and has one colour, for the whole team."""
    user = require_user()
    st.caption("The kinds of objects to find. The first nine have the keys 1 to 9.")
    names = st.data_editor(
        [{"Name": label.name} for label in labels] or [{"Name": ""}],
        num_rows="dynamic",
        width="stretch",
        key=f"label-names-{video_id}",
    )
    wanted = [str(row.get("Name") or "").strip() for row in names]
    wanted = [name for name in wanted if name]
    with reading() as session:
        known = {label.name: label.color for label in videos.list_catalogue(session)}
    columns = st.columns(4)
    colors = {
        name: columns[i % 4].color_picker(
            name, known.get(name, color_at(i)), key=f"label-color-{video_id}-{name}"
        )
        for i, name in enumerate(dict.fromkeys(wanted))
    }
    if st.button("Save", type="primary"):
        with show_errors():
            with transaction() as session:
                video = access.get_video(session, user, video_id)
                videos.set_labels(session, video, [(name, colors[name]) for name in wanted])
            st.rerun()


@st.dialog("Delete this video?")
def _delete(video_id: int, name: str) -> None:
    user = require_user()
    st.write(
        f"**{_plain(name)}** goes with all its boxes. Training sets and detectors made from it "
        "stay. This cannot be undone."
    )
    if st.button("Delete for good", type="primary"):
        with show_errors():
            with transaction() as session:
                videos.delete(session, access.get_video(session, user, video_id))
            st.rerun()
