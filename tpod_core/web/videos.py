"""Routes for videos: create, list, change, delete. Files arrive through ``uploads``."""

from collections.abc import Sequence
from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field, StrictBool
from sqlmodel import Session

from tpod_core.access import get_video, visible
from tpod_core.db import read_session, transaction
from tpod_core.errors import Conflict
from tpod_core.models import FpsSource, Label, User, Video, VideoState, saved_id
from tpod_core.services import video_labels, videos
from tpod_core.services.video_labels import LabelSpec
from tpod_core.video.times import MAX_FPS
from tpod_core.web.bodies import Body, Text
from tpod_core.web.dependencies import Page, Paging, SignedIn
from tpod_core.web.jobs import JobBody
from tpod_core.web.openapi import may_raise

router = APIRouter(tags=["videos"])

_ORDERINGS = {
    "id": Video.id,
    "name": Video.name,
    "created": Video.created_at,
    "size_bytes": Video.size_bytes,
    "duration_s": Video.duration_s,
    "state": Video.state,
}


class LabelRequest(Body):
    name: Text
    color: Text | None = None


class VideoRequest(Body):
    name: Text
    labels: list[LabelRequest] = Field(default_factory=list)


class VideoChange(Body):
    name: Text | None = None
    labels: list[LabelRequest] | None = None
    held_out: StrictBool | None = None
    fps: float | None = Field(None, gt=0, le=MAX_FPS)


class LabelBody(BaseModel):
    id: int
    name: str
    color: str


class StatusBody(BaseModel):
    state: VideoState
    progress: float
    message: str


class VideoBody(BaseModel):
    """A video; sizes in upright pixels, ``labelled_share`` 0..1 of its frames.

    ``fps`` is the mean rate. Where the file does not say when its frames are shown, ``fps_source``
    is ``guessed``, or ``given`` once somebody has corrected it.
    """

    id: int
    name: str
    state: VideoState
    progress: float
    message: str
    warnings: list[str]
    frame_count: int
    width: int
    height: int
    fps: float
    fps_source: FpsSource
    fps_is_guess: bool
    duration_s: float
    codec: str
    filename: str
    size_bytes: int
    sha256: str
    labels: list[LabelBody]
    labelled_share: float
    track_count: int
    keyframe_count: int
    revision: int
    held_out: bool
    owner_id: int
    created: datetime

    @classmethod
    def of_each(cls, session: Session, rows: Sequence[Video]) -> list["VideoBody"]:
        """Returns the bodies of ``rows``, with a constant number of queries."""
        progress = videos.import_progress(session, rows)
        labels = video_labels.list_labels_of_each(session, rows)
        labelled = videos.labelled(session, rows)
        shared = cls.model_fields.keys() & Video.model_fields.keys()
        return [
            cls(
                **{name: getattr(video, name) for name in shared},
                fps_is_guess=video.fps_source is FpsSource.GUESSED,
                progress=progress[number],
                labels=[_label_body(label) for label in labels[number]],
                labelled_share=labelled[number].share(video),
                track_count=labelled[number].tracks,
                keyframe_count=labelled[number].keyframes,
                created=video.created_at,
            )
            for number, video in ((saved_id(row), row) for row in rows)
        ]


def _label_body(label: Label) -> LabelBody:
    return LabelBody(id=saved_id(label), name=label.name, color=label.color)


def _label_specs(labels: list[LabelRequest]) -> list[LabelSpec]:
    return [(label.name, label.color) for label in labels]


def video_body(session: Session, user: User, video_id: int) -> VideoBody:
    """Returns the body of one video, as it is in ``session``."""
    [body] = VideoBody.of_each(session, [get_video(session, user, video_id)])
    return body


@router.post("/videos", status_code=201)
def create_video(body: VideoRequest, user: SignedIn) -> VideoBody:
    """Create a video without a file yet; send the file to ``/videos/{id}/data``."""
    with transaction() as session:
        video = videos.create(session, user, body.name)
        video_labels.set_first_labels(session, video, _label_specs(body.labels))
        return video_body(session, user, saved_id(video))


@router.get("/videos")
def list_videos(user: SignedIn, paging: Paging) -> Page[VideoBody]:
    with read_session() as session:
        count, rows = paging.rows(session, visible(user, Video), Video.name, _ORDERINGS)
        return Page(count=count, results=VideoBody.of_each(session, rows))


@router.get("/videos/{video_id}")
def get_one(video_id: int, user: SignedIn) -> VideoBody:
    with read_session() as session:
        return video_body(session, user, video_id)


@router.get("/videos/{video_id}/status")
def get_status(video_id: int, user: SignedIn) -> StatusBody:
    with read_session() as session:
        video = get_video(session, user, video_id)
        progress = videos.import_progress(session, [video])[video_id]
    return StatusBody(state=video.state, progress=progress, message=video.message)


@router.patch("/videos/{video_id}")
@may_raise(Conflict)
def change_video(video_id: int, body: VideoChange, user: SignedIn) -> VideoBody:
    """Rename, replace the list of labels, lock the video as held out from training, or correct
    a guessed frame rate.
    """
    with transaction() as session:
        video = get_video(session, user, video_id)
        if body.name is not None:
            videos.rename(session, video, body.name)
        if body.labels is not None:
            video_labels.set_labels(session, user, video, _label_specs(body.labels))
        if body.held_out is not None:
            videos.hold_out(session, video, body.held_out)
        if body.fps is not None:
            videos.set_fps(session, video, body.fps)
        return video_body(session, user, video_id)


@router.post("/videos/{video_id}/retry", status_code=202)
@may_raise(Conflict)
def retry_import(video_id: int, user: SignedIn) -> JobBody:
    """Import the file of a failed video again, without uploading it anew."""
    with transaction() as session:
        return JobBody.of(videos.retry_import(session, get_video(session, user, video_id)))


@router.delete("/videos/{video_id}", status_code=204)
@may_raise(Conflict)
def delete_video(video_id: int, user: SignedIn) -> None:
    """Delete a video with its labels and files. Training sets built from it stay complete."""
    with transaction() as session:
        videos.delete(session, get_video(session, user, video_id))
