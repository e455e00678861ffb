"""Saves a detector's boxes, as corrected by the user, as labels of a frame."""

from collections.abc import Sequence

from pages._try_it.sources import VideoFrame
from tpod_core import access
from tpod_core.db import transaction
from tpod_core.inference.proposals import TakenBox, boxes_as_labels
from tpod_core.models import User, saved_id
from tpod_core.services import annotations
from tpod_core.services.annotations import AddLabel


def add_labels(user: User, frame: VideoFrame, boxes: Sequence[TakenBox]) -> int:
    """Returns the number of boxes added as labels."""
    with transaction() as session:
        video = access.get_video(session, user, saved_id(frame.video))
        shown = annotations.boxes_in(session, video, frame.frame_index, frame.frame_index + 1)
        edits = boxes_as_labels(
            boxes, frame.frame_index, shown[frame.frame_index], video.frame_count
        )
        labels = [AddLabel(edit.track.label) for edit in edits]
        annotations.apply_edits(session, user, video, [*labels, *edits], video.revision)
    return len(edits)
