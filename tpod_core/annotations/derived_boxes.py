"""Boxes that were derived for consecutive frames, and their binary form in the database."""

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tpod_core.geometry import Box

_HEADER = struct.Struct("<4sHII")
_MAGIC, _VERSION = b"TPDB", 1
_UNCERTAINTY_STEPS = 255


@dataclass(frozen=True)
class DerivedBoxes:
    """The derived boxes of consecutive frames from ``start`` on.

    ``boxes_xyxy`` is (n, 4) in upright source pixels, inside the frame. ``uncertainty`` is
    (n,), from 0 (certain) to 1 (a guess). Tracking forward stops early once it is too uncertain.
    """

    start: int
    boxes_xyxy: NDArray[np.float32]
    uncertainty: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.uncertainty)

    @property
    def stop(self) -> int:
        """The first frame after the last box."""
        return self.start + len(self)

    def box_at(self, frame: int) -> Box | None:
        """Returns the box on ``frame``; ``None`` outside the stretch."""
        if not 0 <= frame - self.start < len(self):
            return None
        return Box(*(float(edge) for edge in self.boxes_xyxy[frame - self.start]))

    def uncertainty_at(self, frame: int) -> float | None:
        """Returns the uncertainty of the box on ``frame``; ``None`` outside the stretch."""
        if not 0 <= frame - self.start < len(self):
            return None
        return float(self.uncertainty[frame - self.start])

    def to_bytes(self) -> bytes:
        """Encodes 17 bytes a frame: four little-endian float32 edges, uncertainty in 1/255."""
        rounded = np.rint(np.clip(self.uncertainty, 0, 1) * _UNCERTAINTY_STEPS).astype(np.uint8)
        header = _HEADER.pack(_MAGIC, _VERSION, self.start, len(self))
        return header + self.boxes_xyxy.astype("<f4").tobytes() + rounded.tobytes()

    @classmethod
    def from_bytes(cls, content: bytes) -> "DerivedBoxes":
        """Decodes the result of ``to_bytes``. Raises: ValueError for anything else."""
        if len(content) < _HEADER.size:
            raise ValueError("derived boxes are cut short")
        magic, version, start, count = _HEADER.unpack_from(content)
        if magic != _MAGIC or version != _VERSION or len(content) != _HEADER.size + 17 * count:
            raise ValueError("not derived boxes of this version")
        split = _HEADER.size + 16 * count
        boxes = np.frombuffer(content[_HEADER.size : split], "<f4").reshape(count, 4)
        rounded = np.frombuffer(content[split:], np.uint8)
        return cls(
            start,
            boxes.astype(np.float32),
            (rounded / _UNCERTAINTY_STEPS).astype(np.float32),
        )
