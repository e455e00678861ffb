"""Let a detector propose tracks in a video, for a person to accept, reject or correct."""

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

_LOOKING_SHARE = 0.95
_TRIES = 5
_LOWEST_CONFIDENCE = 0.01


def run(job: RunningJob) -> None:
    """Job ``prelabel-video``. A second run replaces what an earlier one proposed."""
    with job.transaction() as session:
        asked = read_run(session, job)
        prelabels.require_labels(session, asked.detector, asked.wish)
    job.progress(0.0, "Loading the model")
    found, seen = _look(job, asked)
    job.progress(_LOOKING_SHARE, "Comparing with what is labelled")
    for tries_left in reversed(range(_TRIES)):
        try:
            _propose(job, found, seen)
        except EditConflict:  # Somebody labels this video: look again at what there is now.
            if not tries_left:
                raise
        else:
            return


def _look(job: RunningJob, asked: VideoRun) -> tuple[list[Candidate], VideoDetections]:
    """What the detector sees, joined to tracks, and as it is."""
    model = open_model(asked.detector)
    sampling = FrameSampling.for_fps(asked.video.fps)
    wanted = asked.wish.confidence
    confidence = max(model.recommended_confidence if wanted is None else wanted, _LOWEST_CONFIDENCE)
    association = Association(confidence, sampling.patience_samples)
    recorder = DetectionRecorder.for_model(model.labels, model.recommended_confidence)
    lowest = min(confidence * LOW_SHARE, recorder.confidence)
    with frame_source(asked.video).open() as reader:
        frames = range(0, len(reader.index), sampling.step)
        for frame_index, result in detect_in_frames(model, reader, frames, lowest, _Looking(job)):
            recorder.add(frame_index, result.detections)
            association.add(frame_index, _usable(result.detections, model, asked))
    return candidates(
        association.tracks(), model.labels, confidence, sampling
    ), recorder.detections()


def _usable(
    detections: Sequence[Detection], model: TrainedModel, asked: VideoRun
) -> list[Detection]:
    """Those of wanted classes that are large enough to be labels."""
    return [
        each
        for each in detections
        if is_large_enough(each.box) and asked.wish.includes(model.labels[each.class_id])
    ]


def _propose(job: RunningJob, found: Sequence[Candidate], seen: VideoDetections) -> None:
    """Compare with what is labelled now, and write. Raises: EditConflict if that changes."""
    with read_session() as session:
        asked = read_run(session, job)
        document = annotations.get_document(session, asked.video)
        boxes = annotations.boxes_in(session, asked.video, 0, asked.video.frame_count)
        earlier = prelabels.earlier_proposals(session, asked.video, asked.detector)
    proposal = propose(found, document, boxes, earlier, FrameSampling.for_fps(asked.video.fps))
    with job.transaction() as session:
        asked = read_run(session, job)
        prelabels.require_labels(session, asked.detector, asked.wish)
        # Whoever labelled meanwhile, on whatever track: the proposals have not seen it.
        annotations.require_current(session, asked.video, document.revision)
        edits = [*map(AddLabel, proposal.labels), *proposal.edits]
        written = annotations.apply_edits(
            session, asked.user, asked.video, edits, document.revision
        )
        job.record_result(session, prelabels.result_of(written.track_ids, proposal.replaced))
        detection_store.save(session, asked.video, asked.detector, seen)


@dataclass(frozen=True)
class _Looking:
    """Tells the job of the look, which is nearly all of its work."""

    job: RunningJob

    def check(self) -> None:
        self.job.check()

    def progress(self, fraction: float, message: str) -> None:
        self.job.progress(fraction * _LOOKING_SHARE, message)
