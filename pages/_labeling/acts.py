"""What the annotator asks for: one ``Act`` per key or button, in the order they happened."""

from collections.abc import Callable, Collection, Sequence
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, ValidationError

from tpod_core.errors import InvalidInput
from tpod_core.services.annotations import (
    AcceptTracks,
    ClearRange,
    DeleteTrack,
    EditOp,
    EndTrack,
    FrameBox,
    HideBox,
    MarkRange,
    MergeTracks,
    PutBox,
    RelabelTrack,
    RemoveKeyframe,
    SetOccluded,
    SplitTrack,
)


class ActKind(StrEnum):
    COMMIT = "commit"  # the drawing that came along is the whole message
    GO = "go"
    LABEL = "label"
    ADD_LABEL = "add_label"
    ASIDE = "aside"  # hidden and locked tracks: the canvas is not to have them
    AGAIN = "again"  # do what somebody else's edit came before
    PUT = "put"  # a box drawn or moved on the picture, before the canvas was there
    COPY = "copy"
    HIDE = "hide"
    END = "end"
    REMOVE_KEYFRAME = "remove_keyframe"
    DELETE = "delete"
    RELABEL = "relabel"
    OCCLUDED = "occluded"
    SPLIT = "split"
    MERGE = "merge"
    ACCEPT = "accept"
    REJECT = "reject"
    MARK = "mark"
    CLEAR = "clear"
    UNDO = "undo"
    REDO = "redo"


class Act(BaseModel):
    """``frame`` is where the person was; ``seq`` counts up within one ``Outbox.client``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seq: int
    kind: ActKind
    frame: int
    track: int = 0
    other: int = 0
    tracks: tuple[int, ...] = ()
    name: str = ""
    color: str | None = None
    start: int = 0
    stop: int = 0
    occluded: bool = False
    box: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)


class Outbox(BaseModel):
    """Every act of one mounted annotator that was not acknowledged when it was sent."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    client: str
    acts: tuple[Act, ...]


def read_outbox(raw: object) -> Outbox:
    """Raises: InvalidInput if the message is none of ours (a stale tab after an upgrade)."""
    try:
        return Outbox.model_validate(raw)
    except ValidationError as error:
        raise InvalidInput("This page is out of date. Reload it to continue.") from error


EDITS: dict[ActKind, Callable[[Act], Sequence[EditOp]]] = {
    ActKind.HIDE: lambda act: [HideBox(act.track, act.frame)],
    ActKind.END: lambda act: [EndTrack(act.track, act.frame)],
    ActKind.REMOVE_KEYFRAME: lambda act: [RemoveKeyframe(act.track, act.frame)],
    ActKind.DELETE: lambda act: [DeleteTrack(act.track)],
    ActKind.RELABEL: lambda act: [RelabelTrack(act.track, act.name)],
    ActKind.OCCLUDED: lambda act: [SetOccluded(act.track, act.frame, act.occluded)],
    ActKind.SPLIT: lambda act: [SplitTrack(act.track, act.frame)],
    ActKind.MERGE: lambda act: [MergeTracks(act.track, act.other)],
    ActKind.ACCEPT: lambda act: [AcceptTracks(act.tracks)],
    ActKind.REJECT: lambda act: [DeleteTrack(track) for track in act.tracks],
    ActKind.MARK: lambda act: [MarkRange(act.start, act.stop)],
    ActKind.CLEAR: lambda act: [ClearRange(act.start, act.stop)],
}
"""The acts that are edits as they stand, each one step of the log."""


def copies(
    act: Act, before: Sequence[FrameBox], here: Sequence[FrameBox], aside: Collection[int]
) -> list[EditOp]:
    """Key frames on ``act.frame`` as the frame before shows them.

    Of ``act.track``; without one, of every track that has no box here, but for those out of
    reach and those that a detector proposes.
    Raises: InvalidInput if there is nothing to copy.
    """
    seen = {box.track_id for box in here}
    wanted = [
        box
        for box in before
        if (
            box.track_id == act.track
            if act.track
            else not (box.track_id in seen or box.track_id in aside or box.proposed)
        )
    ]
    if not wanted:
        what = f"box of track {act.track}" if act.track else "box that is missing here"
        raise InvalidInput(f"The frame before this one has no {what}.")
    return [PutBox(act.frame, b.box, track_id=b.track_id, occluded=b.occluded) for b in wanted]
