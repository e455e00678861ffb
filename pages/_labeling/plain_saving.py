"""Writing what was drawn in the plain mode, and what has to be asked before."""

from collections.abc import Collection, Sequence

from pages._labeling.plain_changes import PlainEdit, on_tracks
from tpod_core import access
from tpod_core.db import read_session, transaction
from tpod_core.models import User
from tpod_core.services import annotations
from tpod_core.services.annotations import FrameBox


def write_edits(
    user: User, video_id: int, wanted: Sequence[PlainEdit], seen: int, batch: str
) -> None:
    """Save ``wanted`` in one step. Raises as ``annotations.apply_edits``."""
    with transaction() as session:
        video = access.get_video(session, user, video_id)
        annotations.apply_edits(session, user, video, wanted, seen, batch)


def write_on_top(
    user: User, video_id: int, wanted: Sequence[PlainEdit], seen: int, batch: str
) -> None:
    """Save ``wanted`` whatever others changed since ``seen``.

    A box of a track that is gone begins a new track.
    """
    with transaction() as session:
        video = access.get_video(session, user, video_id)
        there = {track.id for track in annotations.get_document(session, video).tracks}
        left = on_tracks(wanted, there)
        annotations.apply_edits(session, user, video, left, video.revision, batch)


def only_boxes(
    user: User, video_id: int, frame: int, track_ids: Collection[int]
) -> tuple[int, ...]:
    """Those of ``track_ids`` that have a box on ``frame`` and on no other."""
    with read_session() as session:
        video = access.get_video(session, user, video_id)
        shown = annotations.boxes_in(session, video, 0, video.frame_count, track_ids)
    elsewhere = {box.track_id for there, boxes in shown.items() if there != frame for box in boxes}
    return tuple(box.track_id for box in shown[frame] if box.track_id not in elsewhere)


def only_text(boxes: Sequence[FrameBox], only: Sequence[int]) -> str:
    """The question about ``only``, tracks that would be gone with their boxes."""
    labels = {box.track_id: box.label for box in boxes}
    which = ", ".join(f"{labels[track]} {track}" for track in only)
    if len(only) == 1:
        return f"{which} has its only box on this frame. Without the box its track is deleted."
    return f"{which} have their only boxes on this frame. Without these their tracks are deleted."
