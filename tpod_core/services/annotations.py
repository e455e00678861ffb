"""What is labelled in a video: read it, edit it, undo it.

Every edit names the revision that its author saw. Whoever comes second gets an
``EditConflict`` that says what changed, and nothing is overwritten. Each edit is one step in
the video's log, so undo works after a reload and for everybody.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from tpod_core.models import User, Video
from tpod_core.tracks.documents import (
    AnnotationDoc,
    FrameBox,
    KeyframeDoc,
    LabelDoc,
    TrackDoc,
)
from tpod_core.tracks.operations import (
    ClearRange,
    DeleteTrack,
    EditOp,
    EndTrack,
    HideBox,
    MarkRange,
    PutBox,
    RelabelTrack,
    RemoveKeyframe,
    SetOccluded,
)

__all__ = [
    "AnnotationDoc",
    "ClearRange",
    "DeleteTrack",
    "EditOp",
    "EditResult",
    "EndTrack",
    "FrameBox",
    "HideBox",
    "KeyframeDoc",
    "LabelDoc",
    "MarkRange",
    "PutBox",
    "RelabelTrack",
    "RemoveKeyframe",
    "SetOccluded",
    "TrackDoc",
    "apply_edits",
    "boxes_in",
    "get_document",
    "redo",
    "replace_document",
    "undo",
]


@dataclass(frozen=True)
class EditResult:
    """The video's revision after an edit, and the ids of the tracks it created, in order."""

    revision: int
    track_ids: tuple[int, ...] = ()


def get_document(session: Session, video: Video) -> AnnotationDoc:
    raise NotImplementedError


def replace_document(
    session: Session, user: User, video: Video, document: AnnotationDoc, seen: int
) -> AnnotationDoc:
    raise NotImplementedError


def apply_edits(
    session: Session, user: User, video: Video, edits: Sequence[EditOp], seen: int
) -> EditResult:
    raise NotImplementedError


def boxes_in(session: Session, video: Video, start: int, stop: int) -> dict[int, list[FrameBox]]:
    raise NotImplementedError


def undo(session: Session, user: User, video: Video, seen: int) -> EditResult:
    raise NotImplementedError


def redo(session: Session, user: User, video: Video, seen: int) -> EditResult:
    raise NotImplementedError
