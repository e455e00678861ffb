"""Saves what was drawn in the plain mode."""

from collections.abc import Collection, Sequence

from pages._labeling.plain_changes import PlainEdit, without_deleted_tracks
from tpod_core import access
from tpod_core.db import read_session, transaction
from tpod_core.models import User
from tpod_core.services import annotations
from tpod_core.services.annotations import FrameBox


def save_edits(
    user: User, video_id: int, edits: Sequence[PlainEdit], revision: int, batch: str
) -> None:
    """Save ``edits`` in one transaction. Raises as ``annotations.apply_edits``."""
    with transaction() as session:
        video = access.get_video(session, user, video_id)
        annotations.apply_edits(session, user, video, edits, revision, batch)


def save_over_conflicts(
    user: User, video_id: int, edits: Sequence[PlainEdit], revision: int, batch: str
) -> None:
    """Save ``edits`` even where others have changed the same things since ``revision``.

    A box of a deleted track starts a new track.
    """
    with transaction() as session:
        video = access.get_video(session, user, video_id)
        existing = {track.id for track in annotations.get_document(session, video).tracks}
        remaining = without_deleted_tracks(edits, existing)
        annotations.apply_edits(session, user, video, remaining, video.revision, batch)


def find_single_frame_tracks(
    user: User, video_id: int, frame: int, track_ids: Collection[int]
) -> tuple[int, ...]:
    """Returns those of ``track_ids`` that have a box on ``frame`` and on no other frame."""
    with read_session() as session:
        video = access.get_video(session, user, video_id)
        shown = annotations.boxes_in(session, video, 0, video.frame_count, track_ids)
    elsewhere = {box.track_id for index, boxes in shown.items() if index != frame for box in boxes}
    return tuple(box.track_id for box in shown[frame] if box.track_id not in elsewhere)


def deletion_question(boxes: Sequence[FrameBox], track_ids: Sequence[int]) -> str:
    """Asks about ``track_ids``, whose tracks would be deleted with their only boxes."""
    labels = {box.track_id: box.label for box in boxes}
    which = ", ".join(f"{labels[track]} {track}" for track in track_ids)
    if len(track_ids) == 1:
        return f"{which} has its only box on this frame. Without the box its track is deleted."
    return f"{which} have their only boxes on this frame. Without these their tracks are deleted."
