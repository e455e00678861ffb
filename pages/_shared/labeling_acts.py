"""What the annotator asks for: one ``Act`` per key or button, in the order they happened."""

from collections.abc import Callable
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, ValidationError

from tpod_core.errors import InvalidInput
from tpod_core.services.annotations import (
    ClearRange,
    DeleteTrack,
    EditOp,
    EndTrack,
    HideBox,
    MarkRange,
    RelabelTrack,
    RemoveKeyframe,
    SetOccluded,
)


class ActKind(StrEnum):
    COMMIT = "commit"  # the drawing that came along is the whole message
    GO = "go"
    LABEL = "label"
    ADD_LABEL = "add_label"
    HIDE = "hide"
    END = "end"
    REMOVE_KEYFRAME = "remove_keyframe"
    DELETE = "delete"
    RELABEL = "relabel"
    OCCLUDED = "occluded"
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
    name: str = ""
    color: str | None = None
    start: int = 0
    stop: int = 0
    occluded: bool = False


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


EDITS: dict[ActKind, Callable[[Act], EditOp]] = {
    ActKind.HIDE: lambda act: HideBox(act.track, act.frame),
    ActKind.END: lambda act: EndTrack(act.track, act.frame),
    ActKind.REMOVE_KEYFRAME: lambda act: RemoveKeyframe(act.track, act.frame),
    ActKind.DELETE: lambda act: DeleteTrack(act.track),
    ActKind.RELABEL: lambda act: RelabelTrack(act.track, act.name),
    ActKind.OCCLUDED: lambda act: SetOccluded(act.track, act.frame, act.occluded),
    ActKind.MARK: lambda act: MarkRange(act.start, act.stop),
    ActKind.CLEAR: lambda act: ClearRange(act.start, act.stop),
}
"""The acts that are one edit each."""
