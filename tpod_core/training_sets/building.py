"""The files of a training set: each needed frame decoded once, in order, and encoded beside it."""

import hashlib
import json
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from tpod_core.formats import yolo
from tpod_core.formats.yolo import Manifest, ManifestFrame, ManifestVideo
from tpod_core.geometry import clip
from tpod_core.propagation.linear import derive
from tpod_core.training_sets.plan import Plan, PlannedVideo
from tpod_core.training_sets.split import Part
from tpod_core.video.encode import encode_jpeg
from tpod_core.video.orientation import Image
from tpod_core.video.reader import VideoReader

JPEG_QUALITY = 95
_CHUNK = 1000
"""So many frames get their boxes at a time: it bounds the memory of a long video."""
_ENCODERS = min(4, os.cpu_count() or 1)
_WAITING = 3 * _ENCODERS
"""So many pictures wait for an encoder; then decoding waits."""
_FOLDERS: dict[Part, yolo.Part] = {Part.TRAIN: "train", Part.VAL: "val"}

OpenReader = Callable[[int], VideoReader]
"""Opens the video with that id."""


@dataclass(frozen=True)
class Progress:
    """How many pictures are written, of how many, and how many bytes they took."""

    done: int
    total: int
    size_bytes: int


def build(
    plan: Plan,
    directory: Path,
    open_reader: OpenReader,
    on_progress: Callable[[Progress], None],
) -> Manifest:
    """Write the set that ``plan`` describes into the empty ``directory``.

    Args:
        on_progress: called after each picture; what it raises ends the build.
    """
    for folder in _FOLDERS.values():
        (directory / "images" / folder).mkdir(parents=True)
        (directory / "labels" / folder).mkdir(parents=True)
    with ThreadPoolExecutor(_ENCODERS) as pool:
        pictures = _Pictures(pool, plan.frame_count(), on_progress)
        frames = [
            frame
            for video in plan.videos
            for frame in _write_video(plan, video, directory, open_reader, pictures)
        ]
        pictures.finish()
    classes = tuple(label.name for label in plan.classes)
    sources = tuple(
        ManifestVideo(v.source.video_id, v.source.name, v.source.sha256, v.source.revision)
        for v in plan.videos
    )
    content_hash = hash_content(directory, classes, frames, sources)
    choice = plan.choice.model_dump(mode="json")
    manifest = Manifest(classes, content_hash, tuple(frames), sources, choice)
    yolo.write_manifest(directory, manifest)
    (directory / "data.yaml").write_text(yolo.data_yaml(classes), encoding="utf-8")
    return manifest


class _Pictures:
    """Encodes and writes in threads while the caller decodes; OpenCV releases the lock."""

    def __init__(
        self, pool: ThreadPoolExecutor, total: int, on_progress: Callable[[Progress], None]
    ) -> None:
        self._pool = pool
        self._on_progress = on_progress
        self._progress = Progress(0, total, 0)
        self._waiting: deque[Future[int]] = deque()

    def write(self, path: Path, image: Image) -> None:
        self._waiting.append(self._pool.submit(_encode_to, path, image))
        while len(self._waiting) > _WAITING:
            self._await_one()

    def finish(self) -> None:
        while self._waiting:
            self._await_one()

    def _await_one(self) -> None:
        size_bytes = self._waiting.popleft().result()
        before = self._progress
        self._progress = Progress(before.done + 1, before.total, before.size_bytes + size_bytes)
        self._on_progress(self._progress)


def _encode_to(path: Path, image: Image) -> int:
    return path.write_bytes(encode_jpeg(image, JPEG_QUALITY))


def _write_video(
    plan: Plan,
    video: PlannedVideo,
    directory: Path,
    open_reader: OpenReader,
    pictures: _Pictures,
) -> Iterator[ManifestFrame]:
    source, used = video.source, video.used()
    if not used:
        return
    with open_reader(source.video_id) as reader:
        images = reader.read_many([frame for frame, _ in used])
        labels = label_lines(plan, video)
        for (frame, part), (_, image), lines in zip(used, images, labels, strict=True):
            folder, (width, height) = _FOLDERS[part], source.frame_wh
            name = yolo.image_path(folder, source.video_id, frame)
            text = "".join(f"{line}\n" for line in lines)
            (directory / yolo.label_path(name)).write_text(text, encoding="ascii")
            pictures.write(directory / name, image)
            yield ManifestFrame(folder, name, source.video_id, frame, width, height, len(lines))


def label_lines(plan: Plan, video: PlannedVideo) -> Iterator[list[str]]:
    """The label file's lines for each frame of ``video.used()``, boxes by track id."""
    class_ids, source = plan.class_ids, video.source
    tracks = [
        (class_ids[state.label_id], state)
        for _, state in sorted(source.tracks.items())
        if state.label_id in class_ids
    ]
    used = iter(video.used())
    while chunk := [frame for frame, _ in islice(used, _CHUNK)]:
        lines: dict[int, list[str]] = {frame: [] for frame in chunk}
        for class_id, state in tracks:
            for shown, _ in derive(state.ordered(), chunk, state.derived):
                # Interpolating may leave the frame by a rounding error.
                box = clip(shown.box, source.frame_wh)
                lines[shown.frame].append(yolo.yolo_line(box, class_id, source.frame_wh))
        yield from lines.values()


def hash_content(
    directory: Path,
    classes: Sequence[str],
    frames: Iterable[ManifestFrame],
    videos: Iterable[ManifestVideo],
) -> str:
    """One digest for classes, labels, and the source and place of every picture."""
    files = {video.video_id: video.sha256 for video in videos}
    rows = sorted(
        [
            frame.image,
            hashlib.sha256((directory / frame.label_file).read_bytes()).hexdigest(),
            files[frame.video_id],
            frame.frame_index,
        ]
        for frame in frames
    )
    text = json.dumps([list(classes), rows], ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()
