"""Finds validation pictures that nearly equal a training picture in what they show.

Two pictures nearly equal each other if their perceptual hashes differ in at most 12 of 64 bits,
and at least half of their boxes agree: same class, IoU of 0.5 or more, and contents whose grey
values correlate by 0.3 or more. On a static camera the hash reflects mostly background, so
pictures without boxes never count, and an object that has moved tells two pictures apart.

Measured on five labelled films (25 or 30 frames a second) and 200 collected photographs: no
picture agrees with one of another film; of the photographs, 15 agree with another one: eight pairs
are the same picture, one shows the same animal a moment later. Of 474 frames, re-encoded at half
the size with inexact boxes, all agree with their original. In a film, 99 to 100 % of the frames
agree with the next one, 93 to 100 % two frames apart, 79 to 100 % three frames apart; after a
second 0 to 50 %, after two and a half seconds (0.4 frames a second) 0 to 21 %, most where the
camera follows its object.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tpod_core.box_arrays import iou
from tpod_core.training_sets.signatures import Signature
from tpod_core.training_sets.split import Split

_MAX_BITS = 12
_LEAST_IOU = 0.5
_LEAST_CORRELATION = 0.3
_LEAST_SHARE_OF_BOXES = 0.5
_FLAT = 3.0
"""Grey values that deviate less than this, on average, have no pattern to correlate."""
_SAME_GREY = 24.0
"""Two contents without a pattern agree if their mean grey values differ by at most this."""

Positions = NDArray[np.int64]
AlikeFrames = Mapping[int, Sequence[int]]
"""The validation frames that nearly equal a training picture, by video id."""


class LikenessSearch:
    """Takes the pictures of a set one by one, then compares validation with all of training.

    Memory: about 90 bytes per box and 300 per picture.
    """

    def __init__(self) -> None:
        self._training: list[Signature] = []
        self._validation: list[tuple[int, int, Signature]] = []

    def add(self, split: Split, video_id: int, frame: int, signature: Signature) -> None:
        """Add a picture that the set holds whole; one without boxes is not compared."""
        if not signature.box_count:
            return
        if split is Split.VAL:
            self._validation.append((video_id, frame, signature))
        else:
            self._training.append(signature)

    def alike_frames(self) -> dict[int, list[int]]:
        """Returns the ``AlikeFrames`` of the pictures added, in the order of their addition."""
        found: dict[int, list[int]] = defaultdict(list)
        training = _TrainingPictures(self._training)
        for video_id, frame, signature in self._validation:
            if training.hold_alike(signature):
                found[video_id].append(frame)
        return dict(found)


class _TrainingPictures:
    """The training pictures, their boxes sorted for the search."""

    def __init__(self, pictures: Sequence[Signature]) -> None:
        self._bits = np.array([each.bits for each in pictures], dtype=np.uint64)
        self._box_counts = np.array([each.box_count for each in pictures], dtype=np.int64)
        self._of_class = {each.class_id: each for each in _sorted_boxes(pictures)}

    def hold_alike(self, picture: Signature) -> bool:
        """Whether one of them nearly equals ``picture``, which has boxes."""
        agreeing = [
            self._agreeing(picture, number)
            for number, class_id in enumerate(picture.class_ids.tolist())
            if class_id in self._of_class
        ]
        if not agreeing:
            return False
        owners, boxes = np.unique(np.concatenate(agreeing), return_counts=True)
        most = np.maximum(self._box_counts[owners], picture.box_count)
        return bool((boxes >= _LEAST_SHARE_OF_BOXES * most).any())

    def _agreeing(self, picture: Signature, number: int) -> Positions:
        """Returns the alike pictures that have a box like the one of this number, each once."""
        boxes = self._of_class[int(picture.class_ids[number])]
        rows = boxes.near(picture.places[number])
        differing = np.bitwise_count(self._bits[boxes.owners[rows]] ^ picture.bits)
        rows = rows[differing <= _MAX_BITS]
        rows = rows[iou(boxes.places[rows], picture.places[number]) >= _LEAST_IOU]
        rows = rows[_correlations(boxes.looks[rows], picture.looks[number]) >= _LEAST_CORRELATION]
        return np.unique(boxes.owners[rows])


@dataclass(frozen=True)
class _SortedBoxes:
    """The boxes of a class, ascending by ``centres`` in x; ``owners`` are picture positions."""

    class_id: int
    centres: NDArray[np.float32]
    owners: Positions
    places: NDArray[np.float32]
    looks: NDArray[np.uint8]

    def near(self, place: NDArray[np.float32]) -> Positions:
        """Returns the rows that can reach an IoU of 0.5 with ``place``.

        Those are at most half its width away: even a box of twice the width, with one of its
        edges on an edge of ``place``, is.
        """
        left, right = float(place[0]), float(place[2])
        reach = (right - left) / 2 + 1e-6
        centre = (left + right) / 2
        first, end = np.searchsorted(self.centres, [centre - reach, centre + reach])
        return np.arange(first, end)


def _sorted_boxes(pictures: Sequence[Signature]) -> Iterator[_SortedBoxes]:
    if not pictures:
        return
    class_ids = np.concatenate([each.class_ids for each in pictures])
    places = np.concatenate([each.places for each in pictures])
    looks = np.concatenate([each.looks for each in pictures])
    owners = np.repeat(np.arange(len(pictures)), [each.box_count for each in pictures])
    centres = (places[:, 0] + places[:, 2]) / 2
    for class_id in np.unique(class_ids).tolist():
        rows = np.flatnonzero(class_ids == class_id)
        rows = rows[np.argsort(centres[rows], kind="stable")]
        yield _SortedBoxes(class_id, centres[rows], owners[rows], places[rows], looks[rows])


def _correlations(looks: NDArray[np.uint8], look: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Returns the correlation of each row with ``look``; of two plain contents, 1 or 0."""
    rows, one = looks.astype(np.float32), look.astype(np.float32)
    means, mean = rows.mean(axis=1, keepdims=True), one.mean()
    centred, other = rows - means, one - mean
    flat = np.abs(centred).mean(axis=1) < _FLAT
    if np.abs(other).mean() < _FLAT:
        same = np.abs(means[:, 0] - mean) <= _SAME_GREY
        return np.asarray(flat & same, dtype=np.float32)
    lengths = np.linalg.norm(centred, axis=1) * np.linalg.norm(other)
    plain = np.zeros(len(rows), dtype=np.float32)
    np.divide(centred @ other, lengths, out=plain, where=~flat)
    return plain
