"""How fast a training set is written, against a bare loop on the same file.

The bare loop decodes with PyAV and encodes every needed frame as JPEG, in order, in one
thread, writing nothing. The target is a frame rate of at least 0.7 of it. Leaving out
near-duplicates is measured beside it, in frames looked at: it is slowest where nothing is left
out, and quickest where most is.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import av
import cv2

from tests.frame_truth import shared_data
from tests.synthetic import make_video
from tests.unwatched import Unwatched
from tpod_core.annotations.document import KeyframeDoc, LabelDoc, TrackState
from tpod_core.geometry import Box
from tpod_core.training_sets.building import build
from tpod_core.training_sets.labelled_videos import LabelledVideo
from tpod_core.training_sets.pictures import JPEG_QUALITY
from tpod_core.training_sets.plan import Plan, make_plan
from tpod_core.training_sets.spec import TrainingSetSpec
from tpod_core.video.index import FrameIndex
from tpod_core.video.probe import probe
from tpod_core.video.reader import VideoReader
from tpod_core.video.scan import scan

TARGET = 0.7
ROUNDS = 3
STRIDES = (1, 5, 40)
DISTANCES = (0, 6)


def real_or_made_up(directory: Path) -> Path:
    """A real 720p video where the shared data is; else one made up of the same size."""
    found = sorted((shared_data() / "dev/video_gt/Bike").glob("*.mp4"))
    return found[0] if found else make_video(directory / "made_up.mp4", 300, (1280, 720))


def plan_for(
    frame_count: int, frame_wh: tuple[int, int], stride: int, distance: int | None = None
) -> Plan:
    """Every ``stride``-th frame, with ten moving boxes each.

    Args:
        distance: of near-duplicates; ``None`` keeps them.
    """
    right = frame_wh[0] - 100.0
    tracks = {
        number: TrackState(
            1,
            {
                frame: KeyframeDoc(frame, Box(x, 50 * number, x + 90, 50 * number + 40))
                for frame, x in ((0, 0.0), (frame_count // 2, right), (frame_count - 1, 0.0))
            },
        )
        for number in range(1, 11)
    }
    labels = (LabelDoc("cup", "#ff0000", 1),)
    source = LabelledVideo(
        1, "bench", "", 0, frame_count, frame_wh, 30.0, labels, tracks, ((0, frame_count),)
    )
    sampling: dict[str, object] = {"stride": stride}
    if distance is not None:
        sampling |= {"drop_near_duplicates": True, "near_duplicate_distance": distance}
    wishes = {"sampling": sampling, "split": {"guard_frames": 0}}
    return make_plan(
        TrainingSetSpec.model_validate({"videos": [{"video_id": 1}], **wishes}), [source]
    )


def bare_loop(path: Path, needed: set[int]) -> None:
    last = max(needed)
    with av.open(str(path)) as container:
        container.streams.video[0].thread_type = "AUTO"
        for number, frame in enumerate(container.decode(video=0)):
            if number in needed:
                image = frame.to_ndarray(format="bgr24")
                cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
            if number == last:
                return


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def build_seconds(plan: Plan, path: Path, index: FrameIndex, directory: Path) -> float:
    """The best of some builds, each into a directory of its own."""

    def once() -> None:
        with tempfile.TemporaryDirectory(dir=directory) as target:
            build(plan, Path(target), lambda _: VideoReader(path, index), lambda _: None)

    return min(seconds(once) for _ in range(ROUNDS))


def main() -> int:
    cv2.setNumThreads(1)
    worst = float("inf")
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        path = real_or_made_up(directory)
        index = scan(path, probe(path), Unwatched()).index
        print(f"{path.name}: {len(index)} frames of {index.upright_wh[0]}x{index.upright_wh[1]}")
        for stride in STRIDES:
            plan = plan_for(len(index), index.upright_wh, stride)
            needed = {frame for frame, _ in plan.videos[0].used()}
            bare = min(
                seconds(lambda needed=needed: bare_loop(path, needed)) for _ in range(ROUNDS)
            )
            ours = build_seconds(plan, path, index, directory)
            thinned = {
                distance: build_seconds(
                    plan_for(len(index), index.upright_wh, stride, distance), path, index, directory
                )
                for distance in DISTANCES
            }
            worst = min(worst, bare / ours)
            print(
                f"every {stride:3}. frame: bare {len(needed) / bare:7.1f} frames/s, "
                f"built {len(needed) / ours:7.1f} frames/s, ratio {bare / ours:.2f}; thinned by "
                + ", ".join(f"{each} bits {bare / took:.2f}" for each, took in thinned.items())
            )
    print(f"worst ratio {worst:.2f} (target: at least {TARGET})")
    return int(worst < TARGET)


if __name__ == "__main__":
    raise SystemExit(main())
