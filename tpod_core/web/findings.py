"""Routes for the inbox of unmatched detections."""

from datetime import datetime
from typing import Self

from fastapi import APIRouter
from pydantic import BaseModel

from tpod_core.access import get_detector, get_video
from tpod_core.db import read_session, transaction
from tpod_core.errors import Conflict
from tpod_core.models import Finding, RowId, Verdict, saved_id
from tpod_core.services import findings
from tpod_core.services.findings import FindingPage, ReviewRequest
from tpod_core.web.bodies import Body
from tpod_core.web.dependencies import Page, Paging, SignedIn
from tpod_core.web.jobs import JobBody
from tpod_core.web.openapi import may_raise

router = APIRouter(tags=["findings"])


class ReviewBody(Body):
    """``confidence`` defaults to the recommended one; ``stride`` in frames, by default about five
    frames per second."""

    video_id: int
    confidence: float | None = None
    stride: int | None = None


class VerdictRequest(Body):
    """``open`` withdraws an earlier verdict."""

    verdict: Verdict


class FindingBody(BaseModel):
    """A detection without a label; ``box`` is x1, y1, x2, y2 in upright pixels. ``frames``
    counts the neighbouring frames on which the same object was detected. ``detector_id`` is null
    once the detector was deleted; ``decided`` is the time of the verdict, null while open and for
    verdicts given before it was stored."""

    id: int
    detector_id: int | None
    video_id: int
    frame: int
    label: str
    score: float
    box: tuple[float, float, float, float]
    frames: int
    verdict: Verdict
    created: datetime
    decided: datetime | None

    @classmethod
    def of(cls, row: Finding) -> Self:
        return cls(
            id=saved_id(row),
            detector_id=row.detector_id,
            video_id=row.video_id,
            frame=row.frame_index,
            label=row.label,
            score=row.score,
            box=row.box.xyxy,
            frames=row.frames,
            verdict=row.verdict,
            created=row.created_at,
            decided=row.decided_at,
        )


@router.post("/detectors/{detector_id}/review", status_code=202)
@may_raise(Conflict)
def post_review(user: SignedIn, detector_id: int, body: ReviewBody) -> JobBody:
    """Run a trained detector on a video to find detections that match no label."""
    request = ReviewRequest(**body.model_dump())
    with transaction() as session:
        detector = get_detector(session, user, detector_id)
        return JobBody.of(findings.start_review(session, user, detector, request))


@router.get("/detectors/{detector_id}/findings")
def list_findings(
    user: SignedIn,
    detector_id: int,
    paging: Paging,
    video_id: RowId | None = None,
    verdict: Verdict | None = None,
) -> Page[FindingBody]:
    """Return findings, highest score first."""
    with read_session() as session:
        page = findings.list_findings(
            session,
            get_detector(session, user, detector_id),
            video_id=video_id,
            verdict=verdict,
            offset=paging.offset,
            limit=paging.page_size,
        )
    return _body_of(page)


@router.get("/videos/{video_id}/findings")
def list_findings_on_video(
    user: SignedIn, video_id: int, paging: Paging, verdict: Verdict | None = None
) -> Page[FindingBody]:
    """Return findings of every detector, also of deleted ones, highest score first."""
    with read_session() as session:
        page = findings.list_on_video(
            session,
            get_video(session, user, video_id),
            verdict=verdict,
            offset=paging.offset,
            limit=paging.page_size,
        )
    return _body_of(page)


@router.patch("/findings/{finding_id}")
@may_raise(Conflict)
def patch_finding(user: SignedIn, finding_id: int, body: VerdictRequest) -> FindingBody:
    """Set the verdict: ``negative``, ``missed_label``, ``ignore``, or ``open`` again.

    ``open`` deletes a finding whose detector was deleted, as no one reviews it any more.
    """
    with transaction() as session:
        finding = findings.get(session, user, finding_id)
        findings.decide(session, user, finding, body.verdict)
        return FindingBody.of(finding)


def _body_of(page: FindingPage) -> Page[FindingBody]:
    return Page(count=page.count, results=[FindingBody.of(row) for row in page.findings])
