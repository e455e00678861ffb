"""A textured object on a textured ground, moving as a test says, as grey pictures."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from tpod_core.errors import Conflict
from tpod_core.geometry import Box
from tpod_core.tracking.segments import Anchor

Grey = NDArray[np.uint8]
Edit = Callable[[int, Grey], Grey]


def texture(height: int, width: int, seed: int, grain: float = 2.0) -> Grey:
    noise = np.random.default_rng(seed).normal(size=(height, width)).astype(np.float32)
    blurred = cv2.GaussianBlur(noise, (0, 0), grain)
    return np.asarray(np.clip(128 + 60 * blurred / blurred.std(), 0, 255), np.uint8)


def as_it_is(frame: int, image: Grey) -> Grey:
    del frame
    return image


@dataclass
class MovingScene:
    """``centre`` tells where the middle of a 40 by 56 object is on each frame.

    ``edit`` changes finished pictures; frames in ``broken`` do not decode. ``read_frames``
    counts what was decoded.
    """

    centre: Callable[[int], tuple[float, float]]
    edit: Edit = as_it_is
    broken: frozenset[int] = frozenset()
    frame_wh: tuple[int, int] = (320, 240)
    plain: bool = False
    read_frames: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        width, height = self.frame_wh
        grey = np.full((height, width), 128, np.uint8)
        self._ground = grey if self.plain else texture(height, width, seed=1, grain=4.0)
        self._object = grey[:56, :40] if self.plain else texture(56, 40, seed=2)

    def box(self, frame: int) -> Box:
        x, y = self.centre(frame)
        return Box(x - 20, y - 28, x + 20, y + 28)

    def anchor(self, frame: int) -> Anchor:
        return Anchor(frame, self.box(frame))

    def image(self, frame: int) -> Grey:
        box = self.box(frame)
        shift = np.array([[1, 0, box.x1], [0, 1, box.y1]])
        mask = np.full(self._object.shape, 255, np.uint8)
        there = cv2.warpAffine(mask, shift, self.frame_wh)[..., None] / 255
        spread = cv2.BORDER_REPLICATE
        drawn = cv2.warpAffine(self._object, shift, self.frame_wh, borderMode=spread)[..., None]
        mixed = drawn * there + self._ground[..., None] * (1 - there)
        return self.edit(frame, np.asarray(np.rint(mixed[..., 0]), np.uint8))

    def read(self, start: int, stop: int) -> Iterator[tuple[int, Grey]]:
        for frame in range(start, stop):
            if frame in self.broken:
                raise Conflict(f"Frame {frame} does not decode.")
            self.read_frames.append(frame)
            yield frame, self.image(frame)
