"""The annotation document and the edits as JSON."""

from typing import Annotated, Any

from pydantic import Field, StrictFloat
from pydantic.dataclasses import dataclass

from tpod_core.annotations.batches import MAX_BATCH_LENGTH
from tpod_core.annotations.operations import Flag, FrameNumber, TrackId
from tpod_core.errors import OtherUser
from tpod_core.geometry import Box
from tpod_core.models import MAX_ROW_ID, KeyframeSource, RowId, User
from tpod_core.services.annotations import (
    AnnotationChanges,
    AnnotationDoc,
    FrameBox,
    KeyframeDoc,
    LabelDoc,
    Operation,
    TrackDoc,
)
from tpod_core.web.bodies import Body, Text

MAX_OPERATIONS = 2000
"""Per request."""

Revision = Annotated[int, Field(ge=0, le=MAX_ROW_ID)]
BoxBody = tuple[StrictFloat, StrictFloat, StrictFloat, StrictFloat]
"""Left, top, right, bottom in pixels of the upright frame."""


# Not a BaseModel: a document may have 100,000 of them, and each would hold two collections.
@dataclass(slots=True, config=Body.model_config)
class KeyframeBody:
    frame: FrameNumber
    box: BoxBody
    outside: Flag = False
    occluded: Flag = False
    source: KeyframeSource = KeyframeSource.MANUAL


class TrackBody(Body):
    id: TrackId | None = None
    label: Text
    keyframes: list[KeyframeBody]
    proposed: Flag = False
    score: StrictFloat | None = None


class LabelBody(Body):
    name: str
    color: str
    id: int


class DocumentBody(Body):
    revision: Revision | None = None
    labels: list[LabelBody] = Field(default_factory=list)
    tracks: list[TrackBody]
    ranges: list[tuple[FrameNumber, FrameNumber]] = Field(default_factory=list)

    def document(self) -> AnnotationDoc:
        """Convert without the labels: a video's list of labels is changed at the video."""
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


class ChangesBody(Body):
    """The changes since a revision: changed tracks in full, the ids of deleted ones, and all
    ranges or labels if any of them changed."""

    revision: int
    tracks: list[TrackBody]
    deleted: list[int]
    ranges: list[tuple[int, int]] | None = None
    labels: list[LabelBody] | None = None


class StepBody(Body):
    """``batch`` is the client's own id of the request, which makes a repetition harmless.

    If ``user_id`` is not the signed-in user, the request is refused: somebody else made it.
    """

    batch: str | None = Field(None, min_length=1, max_length=MAX_BATCH_LENGTH)
    user_id: int | None = None

    def require_author(self, user: User) -> None:
        """Raises: OtherUser."""
        if self.user_id is not None and self.user_id != user.id:
            raise OtherUser(
                f"These changes were made by another account than {user.username}. "
                "Sign in as their author to save them."
            )


class EditsBody(StepBody):
    """``revision`` is the one on which the operations are based."""

    revision: Revision
    ops: list[Operation] = Field(min_length=1, max_length=MAX_OPERATIONS)


class EditResultBody(Body):
    """``tracks`` has the ids of new tracks by their name, ``track_ids`` those of all new tracks."""

    revision: int
    tracks: dict[str, int]
    track_ids: list[int]


class TakenBackBody(Body):
    """What was undone or redone, and the first frame on which it is visible."""

    revision: int
    frame: int | None
    what: str


class FrameBoxBody(Body):
    track_id: RowId
    label: str
    box: BoxBody
    source: str
    occluded: bool
    uncertainty: float | None
    proposed: bool
    lost: bool


class FrameBody(Body):
    frame: int
    boxes: list[FrameBoxBody]


class FramesBody(Body):
    frames: list[FrameBody]


def document_json(document: AnnotationDoc) -> dict[str, Any]:
    """Returns ``DocumentBody`` as plain JSON, without the slow validation of large documents."""
    return {
        "revision": document.revision,
        "labels": [_label_json(label) for label in document.labels],
        "tracks": [_track_json(track) for track in document.tracks],
        "ranges": [list(each) for each in document.ranges],
    }


def changes_json(changes: AnnotationChanges) -> dict[str, Any]:
    """Returns ``ChangesBody`` as plain JSON, without ranges and labels that did not change."""
    answer: dict[str, Any] = {
        "revision": changes.revision,
        "tracks": [_track_json(track) for track in changes.tracks],
        "deleted": list(changes.deleted),
    }
    if changes.ranges is not None:
        answer["ranges"] = [list(each) for each in changes.ranges]
    if changes.labels is not None:
        answer["labels"] = [_label_json(label) for label in changes.labels]
    return answer


def _label_json(label: LabelDoc) -> dict[str, Any]:
    return {"name": label.name, "color": label.color, "id": label.id}


def _track_json(track: TrackDoc) -> dict[str, Any]:
    return {
        "id": track.id,
        "label": track.label,
        "keyframes": [_keyframe_json(keyframe) for keyframe in track.keyframes],
        "proposed": track.proposed,
        "score": track.score,
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
    """Returns ``FramesBody`` as plain JSON."""
    return {
        "frames": [
            {
                "frame": frame,
                "boxes": [
                    {
                        "track_id": found.track_id,
                        "label": found.label,
                        "box": found.box.xyxy,
                        "source": found.source,
                        "occluded": found.occluded,
                        "uncertainty": found.uncertainty,
                        "proposed": found.proposed,
                        "lost": found.lost,
                    }
                    for found in on_frame
                ],
            }
            for frame, on_frame in boxes.items()
        ]
    }
