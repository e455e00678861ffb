"""The annotation document and the edits as JSON."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.dataclasses import dataclass

from tpod_core.geometry import Box
from tpod_core.models import MAX_ROW_ID, KeyframeSource, RowId
from tpod_core.services.annotations import (
    AcceptTracks,
    AnnotationDoc,
    ClearRange,
    DeleteTrack,
    EditOp,
    EndTrack,
    FrameBox,
    HideBox,
    KeyframeDoc,
    MarkRange,
    MergeTracks,
    PutBox,
    RelabelTrack,
    RemoveKeyframe,
    SetOccluded,
    SplitTrack,
    TrackDoc,
)

Revision = Annotated[int, Field(ge=0, le=MAX_ROW_ID)]
BoxBody = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels of the upright frame."""


class Body(BaseModel):
    """Unknown keys are refused: a misspelt one, or a box's rotation, must not be lost silently."""

    model_config = ConfigDict(extra="forbid")


# No BaseModel: a document may have 100,000 of them, and each would hold two collections.
@dataclass(slots=True, config=Body.model_config)
class KeyframeBody:
    frame: int
    box: BoxBody
    outside: bool = False
    occluded: bool = False
    source: KeyframeSource = KeyframeSource.MANUAL


class TrackBody(Body):
    id: RowId | None = None
    label: str
    keyframes: list[KeyframeBody]
    proposed: bool = False
    score: float | None = None


class LabelBody(Body):
    name: str
    color: str
    id: int


class DocumentBody(Body):
    revision: Revision | None = None
    labels: list[LabelBody] = []
    tracks: list[TrackBody]
    ranges: list[tuple[int, int]] = []

    def document(self) -> AnnotationDoc:
        """Labels are left out: a video's list is changed at the video."""
        return AnnotationDoc(
            revision=self.revision or 0,
            tracks=tuple(
                TrackDoc(
                    track.id,
                    track.label,
                    tuple(
                        KeyframeDoc(k.frame, Box(*k.box), k.outside, k.occluded, k.source)
                        for k in track.keyframes
                    ),
                    track.proposed,
                    track.score,
                )
                for track in self.tracks
            ),
            ranges=tuple(self.ranges),
        )


class PutBoxBody(Body):
    op: Literal["put_box"]
    frame: int
    box: BoxBody
    label: str | None = None
    track_id: RowId | None = None
    occluded: bool = False
    source: KeyframeSource = KeyframeSource.MANUAL


class TrackFrameBody(Body):
    op: Literal["remove_keyframe", "hide_box", "end_track", "split_track"]
    track_id: RowId
    frame: int


class DeleteTrackBody(Body):
    op: Literal["delete_track"]
    track_id: RowId


class RelabelTrackBody(Body):
    op: Literal["relabel_track"]
    track_id: RowId
    label: str


class MergeTracksBody(Body):
    op: Literal["merge_tracks"]
    track_id: RowId
    other_id: RowId


class AcceptTracksBody(Body):
    op: Literal["accept_tracks"]
    track_ids: tuple[RowId, ...] = Field(min_length=1)


class SetOccludedBody(Body):
    op: Literal["set_occluded"]
    track_id: RowId
    frame: int
    occluded: bool


class RangeBody(Body):
    op: Literal["mark_range", "clear_range"]
    start: int
    stop: int


OpBody = Annotated[
    PutBoxBody
    | TrackFrameBody
    | DeleteTrackBody
    | RelabelTrackBody
    | MergeTracksBody
    | AcceptTracksBody
    | SetOccludedBody
    | RangeBody,
    Field(discriminator="op"),
]

_EDITS: dict[str, type[Any]] = {
    "put_box": PutBox,
    "remove_keyframe": RemoveKeyframe,
    "hide_box": HideBox,
    "end_track": EndTrack,
    "delete_track": DeleteTrack,
    "relabel_track": RelabelTrack,
    "merge_tracks": MergeTracks,
    "split_track": SplitTrack,
    "accept_tracks": AcceptTracks,
    "set_occluded": SetOccluded,
    "mark_range": MarkRange,
    "clear_range": ClearRange,
}


class EditsBody(Body):
    revision: Revision
    ops: list[OpBody] = Field(min_length=1)

    def edits(self) -> list[EditOp]:
        return [_edit(op) for op in self.ops]


class EditResultBody(Body):
    revision: int
    track_ids: list[int]


class FrameBoxBody(Body):
    track_id: RowId
    label: str
    box: BoxBody
    source: str
    occluded: bool
    uncertainty: float | None
    proposed: bool


class FrameBody(Body):
    frame: int
    boxes: list[FrameBoxBody]


class FramesBody(Body):
    frames: list[FrameBody]


def _edit(op: Any) -> EditOp:
    values = op.model_dump(exclude={"op"})
    if "box" in values:
        values["box"] = Box(*values["box"])
    edit: EditOp = _EDITS[op.op](**values)
    return edit


def document_json(document: AnnotationDoc) -> dict[str, Any]:
    """``DocumentBody`` as plain JSON; large documents go past validation on their way out."""
    return {
        "revision": document.revision,
        "labels": [{"name": x.name, "color": x.color, "id": x.id} for x in document.labels],
        "tracks": [
            {
                "id": track.id,
                "label": track.label,
                "keyframes": [_keyframe_json(keyframe) for keyframe in track.keyframes],
                "proposed": track.proposed,
                "score": track.score,
            }
            for track in document.tracks
        ],
        "ranges": [list(each) for each in document.ranges],
    }


def _keyframe_json(keyframe: KeyframeDoc) -> dict[str, Any]:
    return {
        "frame": keyframe.frame,
        "box": keyframe.box.xyxy,
        "outside": keyframe.outside,
        "occluded": keyframe.occluded,
        "source": keyframe.source.value,
    }


def frames_json(boxes: dict[int, list[FrameBox]]) -> dict[str, Any]:
    """``FramesBody`` as plain JSON."""
    return {
        "frames": [
            {
                "frame": frame,
                "boxes": [
                    {
                        "track_id": shown.track_id,
                        "label": shown.label,
                        "box": shown.box.xyxy,
                        "source": shown.source,
                        "occluded": shown.occluded,
                        "uncertainty": shown.uncertainty,
                        "proposed": shown.proposed,
                    }
                    for shown in on_frame
                ],
            }
            for frame, on_frame in boxes.items()
        ]
    }
