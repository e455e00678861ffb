"""Routes for a detector's metrics and learning curve."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from tpod_core.access import get_detector
from tpod_core.db import read_session, transaction
from tpod_core.errors import Conflict
from tpod_core.models import DetectorState, Verdict
from tpod_core.services import detectors, findings, learning, scores
from tpod_core.web.dependencies import SignedIn
from tpod_core.web.jobs import JobBody
from tpod_core.web.openapi import may_raise

router = APIRouter(prefix="/detectors/{detector_id}", tags=["detectors"])


class MetricsBody(BaseModel):
    """A row per epoch. After training, ``final`` is the score of the published model, and
    ``evaluation`` its details: curves over confidence, the confusion matrix at the recommended
    confidence (rows are the true classes, the background is last), the worst images, and the
    score of the parent on the same images.

    ``precision``, ``recall``, ``f1`` and ``counts`` of ``final`` are those of the matrix and of
    ``evaluation.overall`` at the recommended confidence. ``evaluation.mean`` is the mean over the
    classes instead. Where ``evaluation.version`` is 1, an earlier version worked them out, and
    they need not agree: export the zip anew to have them worked out again."""

    epochs: list[dict[str, Any]]
    final: dict[str, Any] | None
    evaluation: dict[str, Any] | None


class PointBody(BaseModel):
    """A training on ``share`` percent of the training images; ``AP50`` by class."""

    share: int
    images: int
    boxes: int
    mAP50: float  # noqa: N815 - what the field calls it
    mAP50_95: float  # noqa: N815
    AP50: dict[str, float]


class AdviceBody(BaseModel):
    """``gain`` is the increase of mAP50 by the second half of the images."""

    worth: bool
    gain: float
    label: str | None
    video_id: int | None


class LearningBody(BaseModel):
    """The points so far; ``advice`` once the curve is complete, ``job`` until then."""

    points: list[PointBody]
    advice: AdviceBody | None
    job: JobBody | None


@router.get("/metrics")
def get_metrics(user: SignedIn, detector_id: int) -> MetricsBody:
    with read_session() as session:
        detector = get_detector(session, user, detector_id)
    trained = detector.state is DetectorState.TRAINED
    evaluation = scores.find_evaluation(detector) if trained else None
    return MetricsBody(
        epochs=[row.as_json() for row in detectors.list_epochs(detector)],
        final=detector.metrics if trained else None,
        evaluation=asdict(evaluation) if evaluation else None,
    )


@router.post("/learning_curve", status_code=202)
@may_raise(Conflict)
def post_learning_curve(user: SignedIn, detector_id: int) -> JobBody:
    """Also train on 25 and 50 % of the training images, to measure how the score grows."""
    with transaction() as session:
        detector = get_detector(session, user, detector_id)
        return JobBody.of(learning.start(session, user, detector))


@router.get("/learning_curve")
def get_learning_curve(user: SignedIn, detector_id: int) -> LearningBody:
    with read_session() as session:
        detector = get_detector(session, user, detector_id)
        job = learning.find_active(session, detector)
        open_findings = findings.count_by_video(
            session, detector, (Verdict.OPEN, Verdict.MISSED_LABEL)
        )
    curve = learning.read(detector)
    advice = learning.advise(detector, open_findings)
    return LearningBody(
        points=[
            PointBody(
                share=point.share,
                images=point.images,
                boxes=point.boxes,
                mAP50=point.map50,
                mAP50_95=point.map50_95,
                AP50=point.ap50,
            )
            for point in curve.points
        ],
        advice=AdviceBody(**asdict(advice)) if advice else None,
        job=JobBody.of(job) if job else None,
    )
