"""A detector's boxes, as a person left them, become labels of a frame."""

from collections.abc import Sequence

from pages._try_it.sources import FrameAt
from tpod_core import access
from tpod_core.db import transaction
from tpod_core.inference.proposals import TakenBox, boxes_as_labels
from tpod_core.models import User, saved_id
from tpod_core.services import annotations
from tpod_core.services.annotations import AddLabel


def use_as_labels(user: User, at: FrameAt, taken: Sequence[TakenBox]) -> int:
    """Returns: how many boxes became labels."""
    with transaction() as session:
        video = access.get_video(session, user, saved_id(at.video))
        shown = annotations.boxes_in(session, video, at.frame_index, at.frame_index + 1)
        edits = boxes_as_labels(taken, at.frame_index, shown[at.frame_index], video.frame_count)
        labels = [AddLabel(edit.track.label) for edit in edits]
        annotations.apply_edits(session, user, video, [*labels, *edits], video.revision)
    return len(edits)
