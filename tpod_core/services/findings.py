"""The inbox of detections that match no label, on each of which a user gives a verdict.

They come from the validation images of each training, and from reviews, which run a trained
detector on a video that is held out or not labelled.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import func
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from tpod_core import access, jobs
from tpod_core.db import find
from tpod_core.detectors.queries import list_active
from tpod_core.errors import Conflict, InvalidInput, NotFound
from tpod_core.evaluation.unmatched_detections import (
    MAX_GAP_FRAMES,
    UnmatchedDetection,
    is_same_object,
)
from tpod_core.jobs import RunningJob
from tpod_core.models import (
    Detector,
    DetectorState,
    Finding,
    Job,
    JobKind,
    User,
    Verdict,
    Video,
    VideoState,
    saved_id,
    utc_now,
)

REVIEWED_FRAMES_PER_S = 5
"""The default number of a video's frames that a review runs on, per second."""


@dataclass(frozen=True)
class ReviewRequest:
    """``confidence`` is the lowest score, by default the recommended one; ``stride`` in frames, by
    default for about ``REVIEWED_FRAMES_PER_S``."""

    video_id: int
    confidence: float | None = None
    stride: int | None = None


@dataclass(frozen=True)
class ReviewPlan:
    """The input of a review. ``stride`` is in frames."""

    detector: Detector
    video: Video
    confidence: float
    stride: int


@dataclass(frozen=True)
class FindingPage:
    """A page of the matching findings, highest score first; ``count`` is the number of all."""

    count: int
    findings: list[Finding]


def start_review(session: Session, user: User, detector: Detector, review: ReviewRequest) -> Job:
    """Queue a review of a video, unless the same review is already queued or running.

    Raises: Conflict if the detector or the video is not ready, NotFound, InvalidInput.
    """
    _require_trained(detector)
    if review.confidence is not None and not 0 < review.confidence <= 1:
        raise InvalidInput("The confidence must be above 0 and at most 1.", "confidence")
    if review.stride is not None and review.stride < 1:
        raise InvalidInput("The stride must be at least 1 frame.", "stride")
    video = access.get_video(session, user, review.video_id)
    _require_ready(video)
    request = {
        "confidence": review.confidence or detector.metrics["recommended_confidence"],
        "stride": review.stride or max(1, round(video.fps / REVIEWED_FRAMES_PER_S)),
    }
    for active in list_active_reviews(session, detector):
        if active.video_id == video.id and active.request == request:
            return active
    return jobs.submit(session, JobKind.REVIEW_VIDEO, [detector, video], user.id, request)


def list_active_reviews(session: Session, detector: Detector) -> list[Job]:
    """Returns the queued and running reviews, oldest first."""
    return list_active(session, saved_id(detector), JobKind.REVIEW_VIDEO)


def plan_review(session: Session, job: RunningJob) -> ReviewPlan:
    """Raises: Conflict if the detector or the video was deleted or is not ready."""
    detector = session.get(Detector, job.detector_id or 0)
    video = session.get(Video, job.video_id or 0)
    if detector is None:
        raise Conflict("The detector was deleted. Review the video with another one.")
    if video is None:
        raise Conflict("The video was deleted. Choose another one.")
    _require_trained(detector)
    _require_ready(video)
    return ReviewPlan(detector, video, **job.request)


def record(session: Session, detector_id: int, found: Iterable[UnmatchedDetection]) -> int:
    """Store the findings of a run; returns how many are new and open.

    Idempotent: they replace the open findings of an earlier run on the same videos. A detection
    on which a user has given a verdict, for any detector, deleted ones too, is not stored again.
    """
    detections = list(found)
    known_videos = set(
        session.exec(
            select(Video.id).where(col(Video.id).in_({one.video_id for one in detections}))
        )
    )
    for video_id in sorted(known_videos, key=lambda number: number or 0):
        clear_open(session, detector_id, video_id or 0)
    decided = [
        _as_unmatched(row)
        for row in session.exec(
            select(Finding).where(
                col(Finding.video_id).in_(known_videos), Finding.verdict != Verdict.OPEN
            )
        )
    ]
    fresh = [
        one
        for one in detections
        if one.video_id in known_videos
        and not any(is_same_object(one, known, MAX_GAP_FRAMES) for known in decided)
    ]
    session.add_all(_row(detector_id, one) for one in fresh)
    return len(fresh)


def clear_open(session: Session, detector_id: int, video_id: int) -> None:
    """Delete the open findings of the detector's earlier runs on a video."""
    for row in session.exec(
        select(Finding).where(
            Finding.detector_id == detector_id,
            Finding.video_id == video_id,
            Finding.verdict == Verdict.OPEN,
        )
    ):
        session.delete(row)


def list_findings(
    session: Session,
    detector: Detector,
    *,
    video_id: int | None = None,
    verdict: Verdict | None = None,
    offset: int = 0,
    limit: int = 100,
) -> FindingPage:
    """Returns findings of a detector, highest score first."""
    query = select(Finding).where(Finding.detector_id == detector.id)
    if video_id is not None:
        query = query.where(Finding.video_id == video_id)
    return _page(session, query, verdict, offset, limit)


def list_on_video(
    session: Session,
    video: Video,
    *,
    verdict: Verdict | None = None,
    offset: int = 0,
    limit: int = 100,
) -> FindingPage:
    """Returns findings of every detector on a video, deleted ones too; highest score first."""
    query = select(Finding).where(Finding.video_id == video.id)
    return _page(session, query, verdict, offset, limit)


def _page(
    session: Session,
    query: SelectOfScalar[Finding],
    verdict: Verdict | None,
    offset: int,
    limit: int,
) -> FindingPage:
    if verdict is not None:
        query = query.where(Finding.verdict == verdict)
    count = session.exec(select(func.count()).select_from(query.subquery())).one()
    ordered = query.order_by(col(Finding.score).desc(), col(Finding.id))
    return FindingPage(count, list(session.exec(ordered.offset(offset).limit(limit))))


def count_by_video(
    session: Session, detector: Detector, verdicts: Sequence[Verdict]
) -> dict[int, int]:
    """Returns the number of findings with one of ``verdicts`` per video, without zeros."""
    rows = session.exec(
        select(Finding.video_id, func.count())
        .where(Finding.detector_id == detector.id, col(Finding.verdict).in_(verdicts))
        .group_by(col(Finding.video_id))
    )
    return dict(rows.all())


def get(session: Session, user: User, finding_id: int) -> Finding:
    """Returns a finding on a video, or of a detector, that the user may see.

    Raises: NotFound, also for someone else's.
    """
    row = find(session, Finding, finding_id)
    subjects = _subjects(session, row) if row else []
    if row is None or not any(access.may_see(user, subject) for subject in subjects):
        raise NotFound(f"There is no finding {finding_id}, or it is not yours.")
    return row


def decide(session: Session, user: User, finding: Finding, verdict: Verdict) -> None:
    """Store the user's verdict; ``OPEN`` withdraws it.

    A finding whose detector was deleted goes with its verdict: it is in no inbox any more.
    """
    is_open = verdict is Verdict.OPEN
    finding.verdict = verdict
    finding.author_id = None if is_open else user.id
    finding.decided_at = None if is_open else utc_now()
    if is_open and finding.detector_id is None:
        session.delete(finding)
    else:
        session.add(finding)


def _subjects(session: Session, finding: Finding) -> list[Video | Detector]:
    """Returns the video of a finding, and its detector unless that was deleted."""
    video = session.get(Video, finding.video_id)
    detector = session.get(Detector, finding.detector_id or 0)
    return [row for row in (video, detector) if row is not None]


def _require_trained(detector: Detector) -> None:
    if detector.state is not DetectorState.TRAINED:
        raise Conflict(
            f"{detector.name} is not trained ({detector.state}). Train it before a review."
        )


def _require_ready(video: Video) -> None:
    if video.state is not VideoState.READY:
        raise Conflict(
            f"The video {video.name} is not ready ({video.state}). Wait until it is imported."
        )


def _as_unmatched(row: Finding) -> UnmatchedDetection:
    return UnmatchedDetection(
        row.video_id, row.frame_index, row.label, row.box, row.score, row.frames
    )


def _row(detector_id: int, found: UnmatchedDetection) -> Finding:
    x1, y1, x2, y2 = found.box.xyxy
    return Finding(
        detector_id=detector_id,
        video_id=found.video_id,
        frame_index=found.frame_index,
        label=found.label,
        score=found.score,
        x1=x1,
        y1=y1,
        x2=x2,
        y2=y2,
        frames=found.frames,
    )
