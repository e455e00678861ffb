"""Writes a training set's files: decodes each used frame once, in order, encodes in threads."""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tpod_core.formats import yolo
from tpod_core.formats.yolo import Manifest, ManifestFrame, ManifestVideo
from tpod_core.training_sets.likeness import AlikeFrames, LikenessSearch
from tpod_core.training_sets.pictures import ENCODERS, PictureWriter, Progress
from tpod_core.training_sets.plan import Plan
from tpod_core.training_sets.video_writer import FOLDERS, OpenReader, VideoWriter


@dataclass(frozen=True)
class Built:
    """A written set; ``plan`` is without the near-duplicates that were found.

    ``alike`` are the validation frames that nearly equal a training picture.
    """

    plan: Plan
    manifest: Manifest
    alike: AlikeFrames


def build(
    plan: Plan,
    directory: Path,
    open_reader: OpenReader,
    on_progress: Callable[[Progress], None],
) -> Built:
    """Write the set that ``plan`` describes into the empty ``directory``.

    Args:
        on_progress: called after each picture; an exception that it raises ends the build.
    """
    for folder in FOLDERS.values():
        (directory / "images" / folder).mkdir(parents=True)
        (directory / "labels" / folder).mkdir(parents=True)
    with ThreadPoolExecutor(ENCODERS) as pool:
        pictures = PictureWriter(pool, plan.picture_count(), on_progress)
        likeness = LikenessSearch()
        writers = [VideoWriter(plan, video, directory, pictures, likeness) for video in plan.videos]
        for writer in writers:
            writer.write(open_reader)
        pictures.finish()
    built = plan.without({w.source.video_id: w.duplicates for w in writers})
    manifest = _manifest(built, directory, tuple(f for writer in writers for f in writer.frames))
    yolo.write_manifest(directory, manifest)
    yaml = yolo.data_yaml(manifest.classes)
    (directory / "data.yaml").write_text(yaml, encoding="utf-8")
    return Built(built, manifest, likeness.alike_frames())


def _manifest(plan: Plan, directory: Path, frames: tuple[ManifestFrame, ...]) -> Manifest:
    classes = tuple(label.name for label in plan.classes)
    sources = tuple(
        ManifestVideo(v.source.video_id, v.source.name, v.source.sha256, v.source.revision)
        for v in plan.videos
    )
    content_hash = hash_content(directory, classes, frames, sources)
    spec = plan.spec.model_dump(mode="json")
    return Manifest(classes, content_hash, frames, sources, spec)


def hash_content(
    directory: Path,
    classes: Sequence[str],
    frames: Iterable[ManifestFrame],
    videos: Iterable[ManifestVideo],
) -> str:
    """Returns a digest of the classes, the labels, and the source of every picture."""
    files = {video.video_id: video.sha256 for video in videos}
    rows = sorted(
        [
            frame.image,
            hashlib.sha256((directory / frame.label_file).read_bytes()).hexdigest(),
            files[frame.video_id],
            frame.frame_index,
            frame.crop,
            *frame.shown,
        ]
        for frame in frames
    )
    text = json.dumps([list(classes), rows], ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()
