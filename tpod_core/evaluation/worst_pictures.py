"""Pictures of the validation images with most mistakes, with their boxes drawn."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from tpod_core.evaluation import matching
from tpod_core.evaluation.result_file import BadImage, ShownObject
from tpod_core.evaluation.scoring import EvaluatedImage, Gathered
from tpod_core.geometry import Box
from tpod_core.video.bgr_drawing import draw_on_bgr
from tpod_core.video.drawing import Mark
from tpod_core.video.encode import encode_jpeg, scaled_down

MAX_PICTURES = 24
NEIGHBOUR_FRAMES = 15
"""Of images closer than this in one video only the worst is shown: they look the same."""

WIDTH_PX = 960
_DIRECTORY = "worst"
_QUALITY = 85
_COLORS_RGB = {"correct": (46, 176, 106), "wrong": (235, 60, 60), "missed": (255, 165, 0)}


@dataclass(frozen=True)
class _Evaluated:
    image: EvaluatedImage
    objects: tuple[ShownObject, ...]

    @property
    def mistake_score(self) -> float:
        """The number of missed labels plus the scores of the wrong detections."""
        return sum(
            1.0 if shown.kind == "missed" else shown.score
            for shown in self.objects
            if shown.kind != "correct"
        )


def write_worst(gathered: Gathered, confidence: float, directory: Path) -> tuple[BadImage, ...]:
    """Write pictures of the worst images into ``directory``; only images with mistakes."""
    (directory / _DIRECTORY).mkdir()
    evaluated = (
        _Evaluated(image, tuple(shown_objects(gathered.classes, image, confidence)))
        for image in gathered.images
    )
    bad = sorted(
        (one for one in evaluated if one.mistake_score), key=lambda one: -one.mistake_score
    )
    return tuple(
        _write(one, directory, f"{_DIRECTORY}/{number:02}.jpg")
        for number, one in enumerate(_without_neighbours(bad))
    )


def _without_neighbours(bad: list[_Evaluated]) -> list[_Evaluated]:
    chosen: list[_Evaluated] = []
    taken: list[tuple[int, int]] = []
    for one in bad:
        source = one.image.source
        if source and any(
            video_id == source[0] and abs(frame - source[1]) < NEIGHBOUR_FRAMES
            for video_id, frame in taken
        ):
            continue
        chosen.append(one)
        taken += [source] if source else []
        if len(chosen) == MAX_PICTURES:
            break
    return chosen


def shown_objects(
    classes: tuple[str, ...], image: EvaluatedImage, confidence: float
) -> Iterator[ShownObject]:
    """Yields every detection from ``confidence`` on, and every missed label."""
    labels, found = image.labels, image.found.at_least(confidence)
    ious = matching.iou_matrix(labels.boxes, found.boxes)
    match = matching.match(labels, found)
    for label, number in match.pairs():
        is_correct = number is not None and bool(match.correct[number])
        if number is not None:
            iou = float(ious[:, number].max()) if len(labels) else 0.0
            name, score = classes[found.class_ids[number]], float(found.scores[number])
            kind = "correct" if is_correct else "wrong"
            yield ShownObject(
                kind, name, _corners(found.box(number)), round(score, 4), round(iou, 3)
            )
        if label is not None and not is_correct:
            iou = float(ious[label].max()) if len(found) else 0.0
            name = classes[labels.class_ids[label]]
            yield ShownObject("missed", name, _corners(labels.box(label)), 1.0, round(iou, 3))


def _corners(box: Box) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = (round(edge, 1) for edge in box.xyxy)
    return x1, y1, x2, y2


def _write(evaluated: _Evaluated, directory: Path, picture: str) -> BadImage:
    path = evaluated.image.path
    (directory / picture).write_bytes(_draw(path, evaluated.objects))
    video_id, frame_index = evaluated.image.source or (None, None)
    return BadImage(picture, video_id, frame_index, evaluated.objects)


def _draw(path: Path, objects: tuple[ShownObject, ...]) -> bytes:
    original = cv2.imread(str(path))
    assert original is not None, f"{path} cannot be read"
    image = scaled_down(original.astype(np.uint8, copy=False), WIDTH_PX)
    scale_y, scale_x = np.divide(image.shape[:2], original.shape[:2]).tolist()
    marks = [
        Mark(Box(*shown.box).scaled(scale_x, scale_y).xyxy, "", _COLORS_RGB[shown.kind])
        for shown in objects
    ]
    return encode_jpeg(draw_on_bgr(image, marks), _QUALITY)
