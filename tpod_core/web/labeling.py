"""Routes of the labelling screen: propagation and its uncertainty, presence, changes, effort."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool

from tpod_core.access import get_video
from tpod_core.db import read_session, transaction
from tpod_core.errors import Conflict
from tpod_core.models import MAX_ROW_ID, RowId, User, Video, saved_id
from tpod_core.services import labeling, propagation, videos
from tpod_core.services.labeling import VideoNews
from tpod_core.services.propagation import Method, Propagation
from tpod_core.tracking.uncertainty import Correction
from tpod_core.web.bodies import Body
from tpod_core.web.change_feed import KnownRevisions, change_feed
from tpod_core.web.conditional import NOT_MODIFIED, is_known, with_etag
from tpod_core.web.dependencies import SignedIn, signed_in_within
from tpod_core.web.jobs import JobBody
from tpod_core.web.openapi import may_raise, signs_in

router = APIRouter(prefix="/videos/{video_id}", tags=["labelling"])


class PropagateBody(Body):
    """``visual`` tracks objects in the pixels, ``linear`` interpolates; without ``track_ids`` all
    tracks are propagated."""

    track_ids: list[RowId] | None = None
    method: Method = Method.VISUAL


class CorrectionBody(BaseModel):
    """The best frame of a segment to correct; correct the one with the largest weight first."""

    frame: int
    weight: float


class SegmentBody(BaseModel):
    """Frames ``start <= n < stop``, with the uncertainty of each box, 0 to 1."""

    start: int
    stop: int
    uncertainty: list[float]
    correction: CorrectionBody | None


class TrackPropagationBody(BaseModel):
    """``ends_at``: the frame from which tracking is uncertain; the object may have left."""

    track_id: int
    segments: list[SegmentBody]
    ends_at: int | None


class WorstFrameBody(BaseModel):
    """The best frame to correct next, and its track."""

    track_id: int
    frame: int
    uncertainty: float


class PropagationBody(BaseModel):
    revision: int
    pending: bool
    tracks: list[TrackPropagationBody]
    worst: WorstFrameBody | None


class PresenceRequest(Body):
    """Seconds of work since the last call, without pauses."""

    active_s: float = Field(default=0.0)


class OtherBody(BaseModel):
    username: str
    seen_s: float


class NewsBody(BaseModel):
    """``people`` are the other users who have the video open."""

    revision: int
    boxes_revision: int
    frames: int
    people: list[OtherBody]


class EffortBody(BaseModel):
    seconds: float
    human_boxes: int
    boxes: int
    boxes_per_human_box: float


class ProgressBody(BaseModel):
    labelled_frames: int
    frames: int


class PresenceBody(BaseModel):
    others: list[OtherBody]
    effort: EffortBody
    progress: ProgressBody


@router.post("/propagate", status_code=202)
@may_raise(Conflict)
def propagate(video_id: int, body: PropagateBody, user: SignedIn) -> JobBody:
    """Start propagation between key frames, which each edit also starts automatically."""
    with transaction() as session:
        video = get_video(session, user, video_id)
        return JobBody.of(propagation.request(session, user, video, body.track_ids, body.method))


@router.head("/propagation", include_in_schema=False)
@router.get("/propagation", response_model=PropagationBody, responses=with_etag() | NOT_MODIFIED)
def get_propagation(
    video_id: int, user: SignedIn, if_none_match: Annotated[str, Header()] = ""
) -> Response:
    """Return the uncertainty of each propagated box. Poll with the ETag while it is `pending`.

    A box is less certain where a detector ran on the frame and did not find it, weighted by how
    well that detector finds the manually annotated boxes of the label.
    """
    with read_session() as session:
        video = get_video(session, user, video_id)
        headers = {"ETag": f'"{propagation.state_tag(session, video)}"'}
        headers["Cache-Control"] = "private, no-cache"
        if is_known(headers["ETag"], if_none_match):
            return Response(status_code=304, headers=headers)
        found = propagation.status(session, video)
    return JSONResponse(_propagation_json(found), headers=headers)


@router.get("/changes")
@signs_in
async def wait_for_changes(
    video_id: int,
    request: Request,
    since: Annotated[int | None, Query(ge=0, le=MAX_ROW_ID)] = None,
    boxes_since: Annotated[int | None, Query(ge=0, le=MAX_ROW_ID)] = None,
) -> NewsBody:
    """Wait until the annotations, the derived boxes or the users present change; at most 25 s.

    Send the ``revision`` and ``boxes_revision`` of the last response; without them the response
    is immediate. Read the changes from ``/annotations?since=``, ``/boxes`` and ``/propagation``.
    """
    user, now = await run_in_threadpool(_read_news, request, video_id)
    news = await change_feed().wait(video_id, now, KnownRevisions(since, boxes_since))
    return NewsBody(
        revision=news.revision,
        boxes_revision=news.boxes_revision,
        frames=news.frames,
        people=[
            OtherBody(username=other.username, seen_s=round(other.seen_s, 1))
            for user_id, other in news.people.items()
            if user_id != user.id
        ],
    )


def _read_news(request: Request, video_id: int) -> tuple[User, VideoNews]:
    """Returns the user and the present state of the video, in one thread and session."""
    with read_session() as session:
        user = signed_in_within(session, request)
        get_video(session, user, video_id)
        return user, labeling.news_of_each(session, [video_id])[video_id]


@router.post("/presence")
def note_presence(video_id: int, body: PresenceRequest, user: SignedIn) -> PresenceBody:
    """Report that you have the video open, and how long you worked on it since the last call.

    The response lists the other users who have it open, and the progress of the labelling.
    """
    with transaction() as session:
        video = get_video(session, user, video_id)
        labeling.note_presence(session, user, video, body.active_s)
    # Counting takes a while in a long video, and must not make edits wait.
    with read_session() as session:
        return _presence(session, user, video)


def _presence(session: Session, user: User, video: Video) -> PresenceBody:
    effort = labeling.effort(session, video)
    labelled = videos.labelled(session, [video])[saved_id(video)]
    return PresenceBody(
        others=[
            OtherBody(username=other.username, seen_s=round(other.seen_s, 1))
            for other in labeling.others_present(session, user, video)
        ],
        effort=EffortBody(
            seconds=round(effort.seconds, 1),
            human_boxes=effort.human_boxes,
            boxes=effort.boxes,
            boxes_per_human_box=round(effort.boxes_per_human_box, 2),
        ),
        progress=ProgressBody(labelled_frames=labelled.frames, frames=video.frame_count),
    )


def _propagation_json(found: Propagation) -> dict[str, Any]:
    """Returns ``PropagationBody`` as plain JSON, without the slow validation of long videos."""
    return {
        "revision": found.revision,
        "pending": found.pending,
        "tracks": [
            {
                "track_id": track.track_id,
                "segments": [
                    {
                        "start": filled.start,
                        "stop": filled.stop,
                        "uncertainty": filled.rounded_uncertainty.tolist(),
                        "correction": _correction_json(filled.correction),
                    }
                    for filled in track.gaps
                ],
                "ends_at": track.ends_at,
            }
            for track in found.tracks
        ],
        "worst": found.worst and asdict(found.worst),
    }


def _correction_json(best: Correction | None) -> dict[str, Any] | None:
    return {"frame": best.frame, "weight": round(best.weight, 2)} if best else None
