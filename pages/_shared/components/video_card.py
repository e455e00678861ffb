"""A video on the Videos page: its picture, how far it is, and what can be done with it."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

import streamlit as st

from pages._shared.components.label_editor import edit_labels
from pages._shared.components.video_dialogs import delete_video, rename_video
from pages._shared.page import duration_text, size_text
from tpod_core.models import Label, Video, VideoState, saved_id
from tpod_core.services.videos import Labelled

_STYLE = f"<style>{Path(__file__).with_suffix('.css').read_text('utf-8')}</style>"
_THUMB_WIDTH_PX = 480


def video_card(
    video: Video, done: Labelled, labels: Sequence[Label], import_progress: float
) -> None:
    """One card; its buttons act through the videos service."""
    with st.container(border=True, height="stretch", vertical_alignment="distribute"):
        st.html(
            f"{_STYLE}<div class='tpod-card'>{_picture(video)}"
            f"<div class='name' title='{escape(video.name)}'>{escape(video.name)}</div>"
            f"<div class='facts'>{_facts(video)}</div>"
            f"{_state(video, done, import_progress)}{_warnings(video)}{_labels(labels)}</div>"
        )
        _actions(video)


def _picture(video: Video) -> str:
    address = f"/api/v1/videos/{video.id}"
    if video.state is VideoState.READY:
        image = f"<img src='{address}/preview' alt=''>"
    elif video.frame_count:
        image = f"<img src='{address}/frames/0?width={_THUMB_WIDTH_PX}' alt=''>"
    else:
        image = "<span class='none'>No picture yet</span>"
    length = duration_text(video.duration_s) if video.duration_s else ""
    shown = f"<span class='length'>{length}</span>" if length else ""
    return f"<div class='tpod-thumb'>{image}{shown}</div>"


def _facts(video: Video) -> str:
    parts = [size_text(video.size_bytes)] if video.size_bytes else []
    if video.width:
        parts += [f"{video.width}×{video.height}", f"{video.frame_count:,} frames"]
    return " · ".join(parts) or "No file yet"


def _state(video: Video, done: Labelled, import_progress: float) -> str:
    if video.state is VideoState.FAILED:
        return f"<div class='problem' role='alert'>{escape(video.message)}</div>"
    if video.state is VideoState.CREATED:
        return f"<div class='facts'>{escape(video.message) or 'Waiting for its file.'}</div>"
    if video.state is VideoState.UPLOADING:
        return "<div class='words'>Receiving its file …</div>"
    if video.state is VideoState.QUEUED:
        return _bar("Waiting to be read", "", 0.0, "busy")
    if video.state is VideoState.PROCESSING:
        return _bar("Reading frames", f"{import_progress:.0%}", import_progress, "busy")
    share = done.share(video)
    tracks = "1 track" if done.tracks == 1 else f"{done.tracks} tracks"
    return _bar(f"{share:.0%} fully labelled", tracks, share, "")


def _bar(left: str, right: str, share: float, kind: str) -> str:
    return (
        f"<div class='words'><span>{left}</span><span>{right}</span></div>"
        f"<div class='bar {kind}'><i style='width:{share:.1%}'></i></div>"
    )


def _warnings(video: Video) -> str:
    return "".join(f"<div class='warning'>{escape(text)}</div>" for text in video.warnings)


def _labels(labels: Sequence[Label]) -> str:
    shown = "".join(
        f"<span><i style='background:{label.color}'></i>{escape(label.name)}</span>"
        for label in labels
    )
    return f"<div class='labels'>{shown or '<span class=none>No labels yet</span>'}</div>"


def _actions(video: Video) -> None:
    number = saved_id(video)
    usable = video.state in (VideoState.READY, VideoState.PROCESSING) and video.frame_count > 0
    open_it, labels, more = st.columns([5, 5, 3])
    if open_it.button(
        "Label", key=f"open-{number}", type="primary", width="stretch", disabled=not usable
    ):
        st.switch_page("labeling.py", query_params={"video": str(number)})
    if labels.button("Labels …", key=f"labels-{number}", width="stretch"):
        edit_labels(number)
    with more.popover("", icon=":material/more_horiz:", width="stretch"):
        if st.button("Rename", key=f"rename-{number}", width="stretch"):
            rename_video(number, video.name)
        if st.button("Delete", key=f"delete-{number}", width="stretch"):
            delete_video(number, video.name)
