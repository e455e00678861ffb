"""A copy of a video with a detector's boxes drawn in, one frame for one frame."""

from collections.abc import Iterator
from pathlib import Path

from tpod_core.annotations.label_colors import label_colors
from tpod_core.inference.detection_filter import named
from tpod_core.inference.drawing import draw
from tpod_core.inference.trained_model import TrainedModel, look_through, open_model
from tpod_core.jobs import RunningJob
from tpod_core.services import inference
from tpod_core.services.detector_runs import annotated_videos
from tpod_core.services.detector_runs.runs import VideoRun, read_run
from tpod_core.storage import get_storage
from tpod_core.video.orientation import Image
from tpod_core.video.reader import VideoReader
from tpod_core.video.source import frame_source
from tpod_core.video.writing import write_video

_SLOWEST_FPS = 1.0
"""A video of one frame has no speed of its own."""


def run(job: RunningJob) -> None:
    """Job ``annotate-video``. A second run starts anew; the newest copy replaces older ones.

    The copy shows frame after frame at the video's mean speed.
    """
    storage = get_storage()
    with job.transaction() as session:
        asked = read_run(session, job)
        colors = label_colors(session, asked.detector.labels)
        key = annotated_videos.choose_key(session, job, asked.video)
    storage.discard_parts(key)
    storage.require_free(asked.video.size_bytes)
    job.progress(0.0, "Loading the model")
    model = open_model(asked.detector)
    with storage.writing(key) as file, frame_source(asked.video).open() as reader:
        pictures = _pictures(job, asked, model, reader, colors)
        write_video(Path(file.name), pictures, max(asked.video.fps, _SLOWEST_FPS))
        with job.transaction() as session:
            read_run(session, job)
    with job.transaction() as session:
        annotated_videos.remove_superseded(session, asked.video, asked.detector, job.id)


def _pictures(
    job: RunningJob,
    asked: VideoRun,
    model: TrainedModel,
    reader: VideoReader,
    colors: dict[str, str],
) -> Iterator[Image]:
    """Every frame with what the model sees in it."""
    frames = range(len(reader.index))
    for seen in look_through(model, reader, frames, asked.wish.confidence, job):
        boxes = asked.wish.of(named(seen.sighting, model.labels))
        yield draw(seen.image_bgr, inference.marks_of(boxes, colors))
