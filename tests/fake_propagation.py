"""Propagation without pixels, to stand at the door of ``propagation.updating``."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from tpod_core.annotations.derived_boxes import DerivedBoxes
from tpod_core.geometry import interpolate
from tpod_core.propagation import updating
from tpod_core.tracking.segments import Segment

OFFSET_PX = 3.0
FORWARD_FRAMES = 40
"""Tracking forward becomes unsure after so many frames."""


@dataclass
class FakePropagation:
    """The straight line, ``OFFSET_PX`` lower, most unsure halfway; it tells what it was asked.

    ``before_each`` is called with each segment before it is answered.
    """

    asked: list[Segment] = field(default_factory=list)
    before_each: Callable[[Segment], None] = lambda segment: None
    forward_frames: int = FORWARD_FRAMES

    def __call__(
        self, frames: Any, segments: Sequence[Segment], watch: Any
    ) -> Iterator[tuple[Segment, DerivedBoxes]]:
        for number, segment in enumerate(segments):
            watch.check()
            watch.progress(number / len(segments), "Following")
            self.asked.append(segment)
            self.before_each(segment)
            watch.check()
            yield segment, self._boxes(segment)

    def _boxes(self, segment: Segment) -> DerivedBoxes:
        start = segment.left.frame + 1
        right = segment.right or segment.left
        stop = segment.stop if segment.right else min(segment.stop, start + self.forward_frames)
        span = max(right.frame - segment.left.frame, 1)
        shares = [(frame - segment.left.frame) / span for frame in range(start, stop)]
        lines = [interpolate(segment.left.box, right.box, share).xyxy for share in shares]
        rows = np.array(lines, np.float32).reshape(-1, 4) + np.float32([0, OFFSET_PX] * 2)
        return DerivedBoxes(
            start, rows, np.array([1 - abs(2 * min(s, 1) - 1) for s in shares], np.float32)
        )


def install(monkeypatch: pytest.MonkeyPatch) -> FakePropagation:
    """Put it in the place of the real one until the test ends."""
    fake = FakePropagation()
    monkeypatch.setattr(updating, "track_segments", fake)
    monkeypatch.setattr(updating, "CHECK_INTERVAL_S", 0.0)
    return fake
