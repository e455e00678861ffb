"""The card of a video on the Videos page: its picture, state and actions."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import streamlit as st
from humanize import naturalsize
from sqlmodel import Session

from pages._shared.acting import fragment
from pages._shared.feedback import show_errors
from pages._shared.frame_address import frame_address
from pages._shared.guard import require_user
from pages._shared.page import counted, duration_text, rate_text
from pages._videos.state import VideoAction, open_video_dialog, video_menu_key
from tpod_core import access
from tpod_core.db import read_session, transaction
from tpod_core.models import FpsSource, Label, User, Video, VideoState, saved_id
from tpod_core.services import video_labels, videos
from tpod_core.services.videos import Labelled

CARD_STYLE = f"<style>{Path(__file__).with_suffix('.css').read_text('utf-8')}</style>"
"""Inline rather than served, so that no card appears without it."""
_THUMB_WIDTH_PX = 480
_GUESSED = (
    "<span title='The file does not say its frame rate. Correct it under ⋯, Frame rate.'>"
    "about {} (guessed)</span>"
)


@dataclass(frozen=True)
class CardFacts:
    """The data that a card shows."""

    video: Video
    labelled: Labelled
    labels: Sequence[Label]
    import_progress: float

    @property
    def is_busy(self) -> bool:
        return self.video.state in (
            VideoState.UPLOADING,
            VideoState.QUEUED,
            VideoState.PROCESSING,
        )

    @property
    def can_be_labelled(self) -> bool:
        """Labelling starts as soon as the first frames are known."""
        usable = self.video.state in (VideoState.READY, VideoState.PROCESSING)
        return usable and self.video.frame_count > 0


def read_facts(session: Session, listed: Sequence[Video]) -> list[CardFacts]:
    """Returns the data of the cards of ``listed``."""
    labelled = videos.labelled(session, listed)
    labels = video_labels.list_labels_of_each(session, listed)
    progress = videos.import_progress(session, listed)
    return [
        CardFacts(video, labelled[number], labels[number], progress[number])
        for number, video in ((saved_id(video), video) for video in listed)
    ]


def video_card(facts: CardFacts, refresh_s: float) -> None:
    """Show one card; a busy one refreshes every ``refresh_s`` seconds."""
    with st.container(border=True, height="stretch", vertical_alignment="distribute"):
        if facts.is_busy:
            fragment(_follow, refresh_s)(facts)
        else:
            _show(facts)
        _actions(facts)


def _follow(user: User, before: CardFacts) -> None:
    """Show the current state; rerun the page when the buttons change or the import ends."""
    with show_errors():
        with read_session() as session:
            video = access.get_video(session, user, saved_id(before.video))
            [now] = read_facts(session, [video])
        if (now.is_busy, now.can_be_labelled) != (before.is_busy, before.can_be_labelled):
            st.rerun()
        _show(now)


def _show(facts: CardFacts) -> None:
    video = facts.video
    st.html(
        f"<div class='tpod-card'>{_picture(video)}"
        f"<div class='name' title='{escape(video.name)}'>{escape(video.name)}</div>"
        f"<div class='facts'>{_facts(video)}{_locked(video)}</div>"
        f"{_state(video, facts.labelled, facts.import_progress)}{_warnings(video)}"
        f"{_labels(facts.labels)}</div>"
    )


def _picture(video: Video) -> str:
    if video.state is VideoState.READY:
        image = f"<img src='/api/v1/videos/{video.id}/preview' alt=''>"
    elif video.frame_count:
        image = f"<img src='{escape(frame_address(video, 0, _THUMB_WIDTH_PX))}' alt=''>"
    else:
        image = "<span class='none'>No picture yet</span>"
    length = duration_text(video.duration_s) if video.duration_s and video.frame_count != 1 else ""
    shown = f"<span class='length'>{length}</span>" if length else ""
    return f"<div class='tpod-thumb'>{image}{shown}</div>"


def _facts(video: Video) -> str:
    parts = [naturalsize(video.size_bytes)] if video.size_bytes else []
    if video.width:
        parts += [f"{video.width}×{video.height}", counted(video.frame_count, "frame")]
    if video.fps_source is FpsSource.GUESSED and video.frame_count > 1:
        parts.append(_GUESSED.format(rate_text(video.fps)))
    if video.fps_source is FpsSource.GIVEN:
        parts.append(rate_text(video.fps))
    return " · ".join(parts) or "No file yet"


def _locked(video: Video) -> str:
    return " · <b title='Never trained on'>Held out</b>" if video.held_out else ""


def _state(video: Video, labelled: Labelled, import_progress: float) -> str:
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
    share = labelled.share(video)
    tracks = counted(labelled.tracks, "track")
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


def _actions(facts: CardFacts) -> None:
    number = saved_id(facts.video)
    label, labels, more = st.columns([5, 5, 3])
    if label.button(
        "Label",
        key=f"open-{number}",
        type="primary",
        width="stretch",
        disabled=not facts.can_be_labelled,
    ):
        st.switch_page("labeling.py", query_params={"video": str(number)})
    with labels:
        _dialog_button("Labels …", VideoAction.LABELS, number)
    with more.popover(
        "",
        icon=":material/more_horiz:",
        width="stretch",
        key=video_menu_key(number),
        on_change="rerun",
    ):
        _lock(facts.video)
        if facts.video.state is VideoState.FAILED:
            _retry_button(number)
        if facts.video.state is VideoState.READY:
            _dialog_button("Pre-label with a detector", VideoAction.PRELABEL, number)
            if facts.video.fps_source is not FpsSource.FILE and facts.video.frame_count > 1:
                _dialog_button("Frame rate", VideoAction.FPS, number)
        _dialog_button("Rename", VideoAction.RENAME, number)
        _dialog_button("Delete", VideoAction.DELETE, number)


def _lock(video: Video) -> None:
    """A toggle that holds a video out of training."""
    number = saved_id(video)
    held_out = st.toggle(
        "Held out",
        video.held_out,
        key=f"held-out-{number}-{video.held_out}",  # a new widget if changed elsewhere
        help="Always validation, never training: detectors are evaluated on it.",
    )
    if held_out != video.held_out:
        with show_errors(), transaction() as session:
            videos.hold_out(session, access.get_video(session, require_user(), number), held_out)
        st.rerun()


def _retry_button(video_id: int) -> None:
    if st.button("Try again", key=f"retry-{video_id}", width="stretch"):
        with show_errors():
            with transaction() as session:
                videos.retry_import(session, access.get_video(session, require_user(), video_id))
            st.rerun()


def _dialog_button(label: str, action: VideoAction, video_id: int) -> None:
    st.button(
        label,
        key=f"{action.name.lower()}-{video_id}",
        width="stretch",
        on_click=open_video_dialog,
        args=(action, video_id),
    )
