"""Routes for pre-labelling: a detector proposes tracks, a user accepts or rejects them."""

from collections.abc import Callable, Sequence

from fastapi import APIRouter, Response
from pydantic import Field

from tpod_core.access import get_detector, get_video
from tpod_core.db import transaction
from tpod_core.errors import Conflict
from tpod_core.models import User
from tpod_core.services import annotations
from tpod_core.services.annotations import EditOp
from tpod_core.services.detector_runs import prelabels
from tpod_core.web.annotation_bodies import Revision
from tpod_core.web.annotations import etag
from tpod_core.web.bodies import Body
from tpod_core.web.conditional import with_etag
from tpod_core.web.dependencies import SignedIn
from tpod_core.web.inference import DetectionFilterBody
from tpod_core.web.jobs import JobBody
from tpod_core.web.openapi import may_raise

router = APIRouter(prefix="/videos/{video_id}", tags=["pre-labelling"])


class PrelabelBody(DetectionFilterBody):
    detector_id: int


class ProposalsBody(Body):
    """The proposals in ``track_ids``, by default all, that score at least ``min_score``.

    With a ``revision``: 409 if the annotations have changed since.
    """

    min_score: float | None = Field(None, ge=0, le=1)
    track_ids: list[int] | None = None
    revision: Revision | None = None


class DecidedBody(Body):
    """``track_ids`` are the proposals that were accepted, or rejected."""

    revision: int
    track_ids: list[int]


@router.post("/prelabel", status_code=202)
@may_raise(Conflict)
def prelabel(video_id: int, body: PrelabelBody, user: SignedIn) -> JobBody:
    """Let a detector propose tracks, which replace its earlier open proposals."""
    with transaction() as session:
        video = get_video(session, user, video_id)
        detector = get_detector(session, user, body.detector_id)
        job = prelabels.start(session, user, video, detector, body.detection_filter())
    return JobBody.of(job)


@router.post("/proposals/accept", responses=with_etag())
@may_raise(Conflict)
def accept(video_id: int, body: ProposalsBody, user: SignedIn, response: Response) -> DecidedBody:
    """Turn proposals into labels, as one step that can be undone."""
    return _decide(user, video_id, body, response, prelabels.accept_edits)


@router.post("/proposals/reject", responses=with_etag())
@may_raise(Conflict)
def reject(video_id: int, body: ProposalsBody, user: SignedIn, response: Response) -> DecidedBody:
    """Delete proposals, as one step that can be undone."""
    return _decide(user, video_id, body, response, prelabels.reject_edits)


def _decide(
    user: User,
    video_id: int,
    body: ProposalsBody,
    response: Response,
    edits_for: Callable[[Sequence[int]], list[EditOp]],
) -> DecidedBody:
    with transaction() as session:
        video = get_video(session, user, video_id)
        # "All" means the proposals that the user saw, not those added since.
        revision = video.revision if body.revision is None else body.revision
        annotations.require_current(session, video, revision)
        chosen = prelabels.select_proposals(session, video, body.min_score, body.track_ids)
        result = annotations.apply_edits(session, user, video, edits_for(chosen), revision)
    response.headers["ETag"] = etag(result.revision)
    return DecidedBody(revision=result.revision, track_ids=list(chosen))
