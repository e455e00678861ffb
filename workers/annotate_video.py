"""Job ``annotate-video``: copies a video with a detector's boxes drawn in, frame by frame."""

from collections.abc import Iterator
from pathlib import Path

from tpod_core.annotations.label_colors import label_colors
from tpod_core.inference.detection_filter import with_class_names
from tpod_core.inference.trained_model import TrainedModel, detect_with_images, open_model
from tpod_core.jobs import RunningJob
from tpod_core.services import inference
from tpod_core.services.detector_runs import annotated_videos
from tpod_core.services.detector_runs.runs import VideoRun, read_run
from tpod_core.storage import get_storage
from tpod_core.video.encode import scaled_to_fit
from tpod_core.video.orientation import Image
from tpod_core.video.reader import VideoReader
from tpod_core.video.source import frame_source
from tpod_core.video.times import frame_times
from tpod_core.video.writing import MAX_VIDEO_SIDE_PX, write_video


def run(job: RunningJob) -> None:
    """Make the copy. A second run starts again; the newest copy replaces older ones.

    Its frames are shown at the times of the video's. Frames that are too large for it are scaled
    down.
    """
    storage = get_storage()
    with job.transaction() as session:
        run_input = read_run(session, job)
        colors = label_colors(session, run_input.detector.labels)
        key = annotated_videos.choose_key(session, job, run_input.video, tuple(colors))
    storage.discard_parts(key)
    storage.require_free(run_input.video.size_bytes)
    job.progress(0.0, "Loading the model")
    model = open_model(run_input.detector)
    with storage.writing(key) as file, frame_source(run_input.video).open() as reader:
        pictures = _pictures(job, run_input, model, reader, colors)
        times = frame_times(run_input.video)
        times_s = None if times.is_constant else times.seconds.tolist()
        write_video(Path(file.name), pictures, run_input.video.fps, times_s)
        with job.transaction() as session:
            read_run(session, job)
    with job.transaction() as session:
        annotated_videos.remove_superseded(session, run_input.video, run_input.detector, job.id)


def _pictures(
    job: RunningJob,
    run_input: VideoRun,
    model: TrainedModel,
    reader: VideoReader,
    colors: dict[str, str],
) -> Iterator[Image]:
    """Yield every frame with the detections drawn in."""
    frames = range(len(reader.index))
    detection_filter = run_input.detection_filter
    for frame in detect_with_images(model, reader, frames, detection_filter.confidence, job):
        boxes = detection_filter.select(with_class_names(frame.result, model.labels))
        image = scaled_to_fit(frame.image_bgr, MAX_VIDEO_SIDE_PX)
        yield inference.draw_detections(image, boxes, reader.index.upright_wh, colors)
