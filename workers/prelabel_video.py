"""Job ``prelabel-video``: a detector proposes tracks for users to accept, reject or correct."""

from collections.abc import Sequence
from dataclasses import dataclass

from tpod_core.db import read_session
from tpod_core.detectors.protocol import Detection
from tpod_core.errors import EditConflict
from tpod_core.inference import detection_store
from tpod_core.inference.association import LOW_SHARE, Association
from tpod_core.inference.proposals import (
    Candidate,
    FrameSampling,
    candidates,
    is_large_enough,
    observed_frames,
    propose,
)
from tpod_core.inference.trained_model import TrainedModel, detect_in_frames, open_model
from tpod_core.inference.video_detections import DetectionRecorder, VideoDetections
from tpod_core.jobs import RunningJob
from tpod_core.services import annotations
from tpod_core.services.annotations import AddLabel
from tpod_core.services.detector_runs import prelabels
from tpod_core.services.detector_runs.runs import VideoRun, read_run
from tpod_core.video.source import frame_source

_DETECTION_SHARE = 0.95
_TRIES = 5
_LOWEST_CONFIDENCE = 0.01


def run(job: RunningJob) -> None:
    """Propose tracks. A second run replaces the proposals of an earlier one."""
    with job.transaction() as session:
        run_input = read_run(session, job)
        prelabels.require_labels(session, run_input.detector, run_input.detection_filter)
    job.progress(0.0, "Loading the model")
    found, detections = _detect(job, run_input)
    job.progress(_DETECTION_SHARE, "Comparing with what is labelled")
    for tries_left in reversed(range(_TRIES)):
        try:
            _propose(job, found, detections)
        except EditConflict:  # Somebody labelled this video meanwhile: read it again.
            if not tries_left:
                raise
        else:
            return


def _detect(job: RunningJob, run_input: VideoRun) -> tuple[list[Candidate], VideoDetections]:
    """Run the detector; returns its detections joined to tracks, and as they are."""
    model = open_model(run_input.detector)
    sampling = FrameSampling.for_fps(run_input.video.fps)
    confidence = run_input.detection_filter.confidence
    if confidence is None:
        confidence = model.recommended_confidence
    confidence = max(confidence, _LOWEST_CONFIDENCE)
    association = Association(confidence, sampling.patience_samples)
    recorder = DetectionRecorder.for_model(model.labels, model.recommended_confidence)
    lowest = min(confidence * LOW_SHARE, recorder.confidence)
    with frame_source(run_input.video).open() as reader:
        frames = range(0, len(reader.index), sampling.step)
        for frame_index, result in detect_in_frames(model, reader, frames, lowest, _Progress(job)):
            recorder.add(frame_index, result.detections)
            association.add(frame_index, _usable(result.detections, model, run_input))
    found = candidates(association.tracks(), model.labels, confidence, sampling)
    return found, recorder.detections()


def _usable(
    detections: Sequence[Detection], model: TrainedModel, run_input: VideoRun
) -> list[Detection]:
    """Returns the detections of selected classes that are large enough to be labels."""
    detection_filter = run_input.detection_filter
    return [
        each
        for each in detections
        if is_large_enough(each.box) and detection_filter.includes(model.labels[each.class_id])
    ]


def _propose(job: RunningJob, found: Sequence[Candidate], detections: VideoDetections) -> None:
    """Store proposals for unlabelled objects. Raises: EditConflict if the labels change."""
    with read_session() as session:
        run_input = read_run(session, job)
        video = run_input.video
        document = annotations.get_document(session, video)
        earlier = prelabels.earlier_proposals(session, video, run_input.detector)
        boxes = annotations.each_boxes_on(session, video, observed_frames(found))
        sampling = FrameSampling.for_fps(video.fps)
        proposal = propose(found, document, boxes, earlier, sampling, video.frame_count)
    with job.transaction() as session:
        run_input = read_run(session, job)
        video = run_input.video
        prelabels.require_labels(session, run_input.detector, run_input.detection_filter)
        # The proposals do not consider edits that were made meanwhile, on any track.
        annotations.require_current(session, video, document.revision)
        edits = [*map(AddLabel, proposal.labels), *proposal.edits]
        applied = annotations.apply_edits(session, run_input.user, video, edits, document.revision)
        job.record_result(session, prelabels.result_of(applied.track_ids, proposal.replaced))
        detection_store.save(session, video, run_input.detector, detections)


@dataclass(frozen=True)
class _Progress:
    """Reports the detection to the job, of which it is nearly all the work."""

    job: RunningJob

    def check(self) -> None:
        self.job.check()

    def progress(self, fraction: float, message: str) -> None:
        self.job.progress(fraction * _DETECTION_SHARE, message)
