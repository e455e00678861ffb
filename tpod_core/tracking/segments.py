"""The input of tracking: the frames of one track between two anchors."""

from dataclasses import dataclass

from tpod_core.geometry import Box


@dataclass(frozen=True)
class Anchor:
    """A key frame's box, in upright source pixels."""

    frame: int
    box: Box


@dataclass(frozen=True)
class Segment:
    """The frames ``left.frame < n < stop`` of one track, which have no key frame.

    ``right`` is the next anchor, on frame ``stop``; without one, tracking runs forward from
    ``left`` alone. ``context`` holds other anchors of the track, nearest first.

    Raises: ValueError if ``stop`` is not after ``left``, or not the frame of ``right``.
    """

    left: Anchor
    right: Anchor | None
    stop: int
    context: tuple[Anchor, ...] = ()

    def __post_init__(self) -> None:
        if self.stop <= self.left.frame:
            raise ValueError(f"a segment from {self.left.frame} cannot stop at {self.stop}")
        if self.right and self.right.frame != self.stop:
            raise ValueError(f"a segment to {self.right.frame} cannot stop at {self.stop}")
