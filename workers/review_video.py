"""Look through a video with a trained detector for what no label explains."""

from collections.abc import Iterator

from tpod_core.evaluation import matching
from tpod_core.evaluation.matching import Objects
from tpod_core.evaluation.unmatched_detections import Unexplained, group, reach_of, unexplained_on
from tpod_core.inference import detection_store
from tpod_core.inference.trained_model import TrainedModel, detect_in_frames, open_model
from tpod_core.inference.video_detections import DetectionRecorder
from tpod_core.jobs import RunningJob
from tpod_core.log import get_logger
from tpod_core.models import saved_id
from tpod_core.services import annotations, findings
from tpod_core.services.findings import ReviewPlan
from tpod_core.video.source import frame_source

_CHUNK = 1000
"""So many frames get their labels at a time: it bounds the memory of a long video."""

_MOST = 2000
"""Findings of one review that a person may be asked about; the surest come first."""

_log = get_logger(__name__)


def run(job: RunningJob) -> None:
    """Job ``review-video``. A second run replaces what the first one left open."""
    with job.transaction() as session:
        plan = findings.plan_review(session, job)
    frames = range(0, plan.video.frame_count, plan.stride)
    model = open_model(plan.detector)
    book = DetectionRecorder.for_model(model.labels, model.recommended_confidence)
    found = group(_unexplained(job, plan, frames, model, book), reach_of(frames))[:_MOST]
    seen = book.closed()
    with job.transaction() as session:
        findings.plan_review(session, job)  # neither has gone meanwhile
        findings.clear_open(session, job.subject_id, saved_id(plan.video))
        count = findings.record(session, job.subject_id, found)
        job.record_result(session, {"findings": count})
        detection_store.save(session, plan.video, plan.detector, seen)
    _log.info("%d findings on %d frames of %s", count, len(frames), plan.video.name)


def _unexplained(
    job: RunningJob, plan: ReviewPlan, frames: range, model: TrainedModel, book: DetectionRecorder
) -> Iterator[Unexplained]:
    video_id = saved_id(plan.video)
    ids = {name: class_id for class_id, name in enumerate(model.labels)}
    labels: dict[int, Objects] = {}
    lowest = min(plan.confidence, book.confidence)
    with frame_source(plan.video).open() as reader:
        for frame, sighting in detect_in_frames(model, reader, frames, lowest, job):
            book.add(frame, sighting.detections)
            if frame not in labels:
                labels = _labels(job, plan, range(frame, frames.stop, plan.stride)[:_CHUNK], ids)
            found = matching.detected(sighting.detections).at_least(plan.confidence)
            yield from unexplained_on((video_id, frame), model.labels, labels[frame], found)


def _labels(
    job: RunningJob, plan: ReviewPlan, frames: range, ids: dict[str, int]
) -> dict[int, Objects]:
    """What is labelled on ``frames``, derived boxes included; classes that the detector knows.

    A box that a detector has proposed is nobody's word yet.
    """
    with job.transaction() as session:
        boxes = annotations.boxes_in(session, plan.video, frames[0], frames[-1] + 1)
    return {
        frame: matching.labelled(
            [
                (ids[box.label], box.box)
                for box in boxes[frame]
                if box.label in ids and not box.proposed
            ]
        )
        for frame in frames
    }
