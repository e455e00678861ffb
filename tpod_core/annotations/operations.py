"""The edit operations on a video's annotations, one class each.

``Operation`` is their only definition: ``PATCH /videos/{id}/annotations`` takes a list of
them, OpenAPI documents them, and screens and services build the same values. In JSON, ``op``
names the operation.

An operation names a track by its id, or a track without an id by a name that the client
chooses: ``"new:<key>"``. Later operations may use the name even after the track has an id.
"""

from dataclasses import field
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic.dataclasses import dataclass

from tpod_core.annotations.document import TrackDoc
from tpod_core.geometry import Box
from tpod_core.models import MAX_ROW_ID, KeyframeSource

_CONFIG = ConfigDict(extra="forbid")

NEW_TRACK_PATTERN = r"^new:[A-Za-z0-9_-]{1,64}$"

FrameNumber = Annotated[int, Field(strict=True, ge=-MAX_ROW_ID, le=MAX_ROW_ID)]
"""A frame, or the end of a range; ``AnnotationValidator`` checks that the video has it."""
TrackId = Annotated[int, Field(strict=True, ge=1, le=MAX_ROW_ID)]
NewTrack = Annotated[str, Field(pattern=NEW_TRACK_PATTERN)]
TrackRef = TrackId | NewTrack
Flag = Annotated[bool, Field(strict=True)]


def _read_box(value: Any) -> Box:
    if isinstance(value, Box):
        return value
    if isinstance(value, list | tuple) and len(value) == 4 and all(map(_is_number, value)):
        return Box(*map(float, value))
    raise ValueError("a box is four numbers: left, top, right, bottom")


def _is_number(edge: Any) -> bool:
    return isinstance(edge, int | float) and not isinstance(edge, bool)


BoxXyxy = Annotated[
    Box,
    BeforeValidator(_read_box),
    WithJsonSchema(
        {
            "type": "array",
            "items": {"type": "number"},
            "minItems": 4,
            "maxItems": 4,
            "description": "Left, top, right, bottom in pixels of the upright frame.",
        }
    ),
]


@dataclass(frozen=True, config=_CONFIG)
class PutBox:
    """Set the box of a track on ``frame``; creates a track with ``label`` if it is new.

    The track is new if ``track_id`` is left out, or is a name that was not used before. For an
    existing track ``label`` is ignored; ``RelabelTrack`` changes it. A box that a person sets
    on a proposed track accepts the track.
    """

    frame: FrameNumber
    box: BoxXyxy
    label: str | None = None
    track_id: TrackRef | None = None
    occluded: Flag = False
    source: KeyframeSource = KeyframeSource.MANUAL
    op: Literal["put_box"] = field(default="put_box", kw_only=True)


@dataclass(frozen=True, config=_CONFIG)
class RemoveKeyframe:
    """Remove the key frame on ``frame``; the box there is then derived."""

    track_id: TrackRef
    frame: FrameNumber
    op: Literal["remove_keyframe"] = field(default="remove_keyframe", kw_only=True)


@dataclass(frozen=True, config=_CONFIG)
class HideBox:
    """Hide the box on this frame only; the track does not change before and after it."""

    track_id: TrackRef
    frame: FrameNumber
    op: Literal["hide_box"] = field(default="hide_box", kw_only=True)


@dataclass(frozen=True, config=_CONFIG)
class EndTrack:
    """End the track at ``frame``, where it has no box any more; removes later key frames."""

    track_id: TrackRef
    frame: FrameNumber
    op: Literal["end_track"] = field(default="end_track", kw_only=True)


@dataclass(frozen=True, config=_CONFIG)
class DeleteTrack:
    """Delete the track from the whole video."""

    track_id: TrackRef
    op: Literal["delete_track"] = field(default="delete_track", kw_only=True)


@dataclass(frozen=True, config=_CONFIG)
class RelabelTrack:
    """Give the track another label of the video's list, on every frame."""

    track_id: TrackRef
    label: str
    op: Literal["relabel_track"] = field(default="relabel_track", kw_only=True)


@dataclass(frozen=True, config=_CONFIG)
class MergeTracks:
    """Move the key frames of ``other_id`` to ``track_id``, because they are one object."""

    track_id: TrackRef
    other_id: TrackRef
    op: Literal["merge_tracks"] = field(default="merge_tracks", kw_only=True)


@dataclass(frozen=True, config=_CONFIG)
class SplitTrack:
    """Split the track: from ``frame`` on, its boxes belong to the new track ``new_id``."""

    track_id: TrackRef
    frame: FrameNumber
    new_id: NewTrack | None = None
    op: Literal["split_track"] = field(default="split_track", kw_only=True)


@dataclass(frozen=True, config=_CONFIG)
class AcceptTracks:
    """Accept proposed tracks as annotations."""

    track_ids: Annotated[tuple[TrackRef, ...], Field(min_length=1)]
    op: Literal["accept_tracks"] = field(default="accept_tracks", kw_only=True)


@dataclass(frozen=True, config=_CONFIG)
class SetOccluded:
    """Set whether the object is partly hidden, from ``frame`` until the next key frame."""

    track_id: TrackRef
    frame: FrameNumber
    occluded: Flag
    op: Literal["set_occluded"] = field(default="set_occluded", kw_only=True)


@dataclass(frozen=True, config=_CONFIG)
class MarkRange:
    """Mark the frames ``start <= frame < stop`` as fully labelled."""

    start: FrameNumber
    stop: FrameNumber
    op: Literal["mark_range"] = field(default="mark_range", kw_only=True)


@dataclass(frozen=True, config=_CONFIG)
class ClearRange:
    """Mark the frames ``start <= frame < stop`` as not fully labelled."""

    start: FrameNumber
    stop: FrameNumber
    op: Literal["clear_range"] = field(default="clear_range", kw_only=True)


@dataclass(frozen=True, config=_CONFIG)
class AddLabel:
    """Append a label to the video's list, unless the list has it.

    A label that is in the team's catalogue keeps its colour; ``color`` is ``"#rrggbb"``. Undo
    does not remove the label from the list.
    """

    name: str
    color: str | None = None
    op: Literal["add_label"] = field(default="add_label", kw_only=True)


@dataclass(frozen=True)
class AddTrack:
    """Add a whole track, ignoring its id. Only jobs make these; the API does not take them."""

    track: TrackDoc


TrackEdit = RemoveKeyframe | HideBox | EndTrack | RelabelTrack | SetOccluded
RangeEdit = MarkRange | ClearRange
WholeTracksEdit = AddTrack | DeleteTrack | MergeTracks | SplitTrack | AcceptTracks

Operation = Annotated[
    PutBox
    | RemoveKeyframe
    | HideBox
    | EndTrack
    | DeleteTrack
    | RelabelTrack
    | MergeTracks
    | SplitTrack
    | AcceptTracks
    | SetOccluded
    | MarkRange
    | ClearRange
    | AddLabel,
    Field(discriminator="op"),
]
"""The operations that ``PATCH`` takes."""

EditOp = PutBox | WholeTracksEdit | TrackEdit | RangeEdit | AddLabel
"""The operations that the services take: every ``Operation``, and ``AddTrack``."""
