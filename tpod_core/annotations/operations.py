"""What a person can do to a video's annotations: one value per operation.

``Operation`` is the only definition: ``PATCH /videos/{id}/annotations`` takes a list of them,
OpenAPI documents them, and the screens and services build the same values. In JSON an
operation is told by its ``op``.

A track is named by its row, or, as long as it has none, by a name of the author's own:
``"new:<key>"``. The name stays valid in later operations, also after the track has a row.
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
"""A frame, or the frame after a range's last one; whether the video has it, it is asked later."""
TrackRow = Annotated[int, Field(strict=True, ge=1, le=MAX_ROW_ID)]
NewTrack = Annotated[str, Field(pattern=NEW_TRACK_PATTERN)]
TrackRef = TrackRow | NewTrack
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
    """Fix ``box`` on ``frame``: of the track ``track_id``, or of a new one of class ``label``.

    The track is new if ``track_id`` is left out, or is a new name that was not used before.
    For a track that exists ``label`` is ignored: ``RelabelTrack`` is another operation. A box
    that a person puts on a proposed track accepts it.
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
    """Forget what was fixed on ``frame``; the box there is derived again."""

    track_id: TrackRef
    frame: FrameNumber
    op: Literal["remove_keyframe"] = field(default="remove_keyframe", kw_only=True)


@dataclass(frozen=True, config=_CONFIG)
class HideBox:
    """Take the box away on this one frame; before and after it the track stays as it is."""

    track_id: TrackRef
    frame: FrameNumber
    op: Literal["hide_box"] = field(default="hide_box", kw_only=True)


@dataclass(frozen=True, config=_CONFIG)
class EndTrack:
    """The object is gone from ``frame`` on; later key frames are removed."""

    track_id: TrackRef
    frame: FrameNumber
    op: Literal["end_track"] = field(default="end_track", kw_only=True)


@dataclass(frozen=True, config=_CONFIG)
class DeleteTrack:
    """Remove the object from the whole video."""

    track_id: TrackRef
    op: Literal["delete_track"] = field(default="delete_track", kw_only=True)


@dataclass(frozen=True, config=_CONFIG)
class RelabelTrack:
    """Give the object another label of the video's list, on every frame."""

    track_id: TrackRef
    label: str
    op: Literal["relabel_track"] = field(default="relabel_track", kw_only=True)


@dataclass(frozen=True, config=_CONFIG)
class MergeTracks:
    """``other_id`` was the same object: its key frames become those of ``track_id``."""

    track_id: TrackRef
    other_id: TrackRef
    op: Literal["merge_tracks"] = field(default="merge_tracks", kw_only=True)


@dataclass(frozen=True, config=_CONFIG)
class SplitTrack:
    """From ``frame`` on it is another object: a new track, ``new_id``, takes over there."""

    track_id: TrackRef
    frame: FrameNumber
    new_id: NewTrack | None = None
    op: Literal["split_track"] = field(default="split_track", kw_only=True)


@dataclass(frozen=True, config=_CONFIG)
class AcceptTracks:
    """A person has looked at these proposed tracks: they are labels from now on."""

    track_ids: Annotated[tuple[TrackRef, ...], Field(min_length=1)]
    op: Literal["accept_tracks"] = field(default="accept_tracks", kw_only=True)


@dataclass(frozen=True, config=_CONFIG)
class SetOccluded:
    """Say from ``frame`` until the next key frame whether the object is partly hidden."""

    track_id: TrackRef
    frame: FrameNumber
    occluded: Flag
    op: Literal["set_occluded"] = field(default="set_occluded", kw_only=True)


@dataclass(frozen=True, config=_CONFIG)
class MarkRange:
    """Every object has its box on the frames ``start <= frame < stop``."""

    start: FrameNumber
    stop: FrameNumber
    op: Literal["mark_range"] = field(default="mark_range", kw_only=True)


@dataclass(frozen=True, config=_CONFIG)
class ClearRange:
    """Take ``MarkRange`` back for these frames."""

    start: FrameNumber
    stop: FrameNumber
    op: Literal["clear_range"] = field(default="clear_range", kw_only=True)


@dataclass(frozen=True, config=_CONFIG)
class AddLabel:
    """Put a label at the end of the video's list, unless it is in it.

    A label that the team has already keeps its colour; ``color`` is ``"#rrggbb"``. Undo does
    not take a label off the list again.
    """

    name: str
    color: str | None = None
    op: Literal["add_label"] = field(default="add_label", kw_only=True)


@dataclass(frozen=True)
class AddTrack:
    """A new track, whole; its id is ignored. Detectors and jobs make these, no request does."""

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
"""What ``PATCH`` takes."""

EditOp = PutBox | WholeTracksEdit | TrackEdit | RangeEdit | AddLabel
"""What the services take: every ``Operation``, and ``AddTrack``."""
