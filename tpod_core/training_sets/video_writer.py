"""Writes the pictures and label files of one video in a training set."""

from collections.abc import Callable
from itertools import groupby
from pathlib import Path

from tpod_core.formats import yolo
from tpod_core.formats.yolo import ManifestFrame
from tpod_core.training_sets.boxes import TrackBox, boxes_on
from tpod_core.training_sets.crops import Crop
from tpod_core.training_sets.likeness import LikenessSearch
from tpod_core.training_sets.masked_frames import MaskedFrame
from tpod_core.training_sets.pictures import PictureWriter
from tpod_core.training_sets.plan import Plan, PlannedVideo
from tpod_core.training_sets.signatures import signature_of
from tpod_core.training_sets.split import Split
from tpod_core.training_sets.thinning import NearDuplicates
from tpod_core.video.orientation import Image
from tpod_core.video.reader import VideoReader

FOLDERS: dict[Split, yolo.Split] = {Split.TRAIN: "train", Split.VAL: "val"}

OpenReader = Callable[[int], VideoReader]
"""Opens a reader of the video with this id."""


class VideoWriter:
    """Writes one video; then ``frames`` are those written, ``duplicates`` those dropped.

    Every whole picture is added to ``likeness``.
    """

    def __init__(
        self,
        plan: Plan,
        video: PlannedVideo,
        directory: Path,
        pictures: PictureWriter,
        likeness: LikenessSearch,
    ) -> None:
        self.source = video.source
        self.frames: list[ManifestFrame] = []
        self.duplicates: set[int] = set()
        self._class_ids = plan.class_ids
        self._video = video
        self._crops = {
            frame: list(group) for frame, group in groupby(video.crops, lambda crop: crop.frame)
        }
        self._directory = directory
        self._pictures = pictures
        self._likeness = likeness
        sampling = plan.spec.sampling
        self._thinning = (
            NearDuplicates(sampling.near_duplicate_distance)
            if sampling.drop_near_duplicates
            else None
        )

    def write(self, open_reader: OpenReader) -> None:
        """Decode each used frame once, in order, and queue its pictures for writing."""
        splits = dict(self._video.used())
        masked = {each.frame: each for each in self._video.masked}
        frames = sorted([*splits, *masked])
        if not frames:
            return
        with open_reader(self.source.video_id) as reader:
            images = reader.read_many(frames)
            boxes = boxes_on(self.source, self._class_ids, frames)
            for frame, (_, image), on_frame in zip(frames, images, boxes, strict=True):
                if frame in masked:
                    self._add_masked(masked[frame], image)
                else:
                    self._add_used(frame, splits[frame], image, on_frame)

    def _add_used(self, frame: int, split: Split, image: Image, boxes: list[TrackBox]) -> None:
        """Add a frame unless it is a near-duplicate, and its crops in any case."""
        if self._thinning and self._thinning.is_duplicate(split, image, boxes):
            self.duplicates.add(frame)
            self._pictures.skip()
        else:
            self._add(frame, split, image, boxes)
            signature = signature_of(image, boxes)
            self._likeness.add(split, self.source.video_id, frame, signature)
        for number, crop in enumerate(self._crops.get(frame, ())):
            self._add_crop(number, crop, image)

    def _add(self, frame: int, split: Split, image: Image, boxes: list[TrackBox]) -> None:
        folder, (width, height) = FOLDERS[split], self.source.frame_wh
        name = yolo.image_path(folder, self.source.video_id, frame)
        entry = ManifestFrame(folder, name, self.source.video_id, frame, width, height, len(boxes))
        lines = [yolo.yolo_line(b.box, b.class_id, self.source.frame_wh) for b in boxes]
        self._write(entry, image, lines)

    def _add_crop(self, number: int, crop: Crop, image: Image) -> None:
        left, top, width, height = crop.xywh
        name = yolo.image_path("train", self.source.video_id, crop.frame, number)
        entry = ManifestFrame(
            "train", name, self.source.video_id, crop.frame, width, height, 0, crop.xywh
        )
        self._write(entry, image[top : top + height, left : left + width], [])

    def _add_masked(self, masked: MaskedFrame, image: Image) -> None:
        video_id, (width, height) = self.source.video_id, self.source.frame_wh
        name = yolo.masked_image_path(video_id, masked.frame)
        entry = ManifestFrame(
            "train", name, video_id, masked.frame, width, height, 0, shown=masked.shown
        )
        self._write(entry, masked.drawn(image), [])

    def _write(self, entry: ManifestFrame, image: Image, lines: list[str]) -> None:
        text = "".join(f"{line}\n" for line in lines)
        (self._directory / entry.label_file).write_text(text, encoding="ascii")
        self._pictures.write(self._directory / entry.image, image)
        self.frames.append(entry)
