"""Job ``review-video``: finds a trained detector's detections that match no label."""

from collections.abc import Iterator

from tpod_core.db import read_session
from tpod_core.evaluation import matching
from tpod_core.evaluation.matching import Objects
from tpod_core.evaluation.unmatched_detections import (
    UnmatchedDetection,
    group,
    max_gap_of,
    unmatched_on,
)
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
"""Frames whose labels are loaded at once; limits the memory of a long video."""

_MAX_FINDINGS = 2000
"""Per review; the highest scores are kept."""

_log = get_logger(__name__)


def run(job: RunningJob) -> None:
    """Store the findings. A second run replaces the open findings of the first."""
    with job.transaction() as session:
        plan = findings.plan_review(session, job)
    frames = range(0, plan.video.frame_count, plan.stride)
    model = open_model(plan.detector)
    recorder = DetectionRecorder.for_model(model.labels, model.recommended_confidence)
    unmatched = _unmatched(job, plan, frames, model, recorder)
    found = group(unmatched, max_gap_of(frames))[:_MAX_FINDINGS]
    detections = recorder.detections()
    with job.transaction() as session:
        findings.plan_review(session, job)  # both must still exist
        findings.clear_open(session, job.subject_id, saved_id(plan.video))
        count = findings.record(session, job.subject_id, found)
        job.record_result(session, {"findings": count})
        detection_store.save(session, plan.video, plan.detector, detections)
    _log.info("%d findings on %d frames of %s", count, len(frames), plan.video.name)


def _unmatched(
    job: RunningJob,
    plan: ReviewPlan,
    frames: range,
    model: TrainedModel,
    recorder: DetectionRecorder,
) -> Iterator[UnmatchedDetection]:
    video_id = saved_id(plan.video)
    ids = {name: class_id for class_id, name in enumerate(model.labels)}
    labels: dict[int, Objects] = {}
    lowest = min(plan.confidence, recorder.confidence)
    with frame_source(plan.video).open() as reader:
        for frame, result in detect_in_frames(model, reader, frames, lowest, job):
            recorder.add(frame, result.detections)
            if frame not in labels:
                labels = _labels(plan, range(frame, frames.stop, plan.stride)[:_CHUNK], ids)
            found = matching.detected(result.detections).at_least(plan.confidence)
            yield from unmatched_on((video_id, frame), model.labels, labels[frame], found)


def _labels(plan: ReviewPlan, frames: range, ids: dict[str, int]) -> dict[int, Objects]:
    """Returns the boxes on ``frames`` of the detector's classes, including derived boxes.

    Proposed boxes do not count, because no user has accepted them, nor do lost ones.
    """
    with read_session() as session:
        boxes = annotations.boxes_on(session, plan.video, frames)
    return {
        frame: matching.labelled(
            [
                (ids[box.label], box.box)
                for box in boxes[frame]
                if box.label in ids and not box.proposed and not box.lost
            ]
        )
        for frame in frames
    }
