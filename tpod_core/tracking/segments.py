"""What a tracker is asked for: the frames of one track between two human boxes."""

from dataclasses import dataclass

from tpod_core.geometry import Box


@dataclass(frozen=True)
class Anchor:
    """A box that a human drew, in upright source pixels."""

    frame: int
    box: Box


@dataclass(frozen=True)
class Segment:
    """The frames ``left.frame < n < stop`` of one track, which nobody labelled.

    ``right`` is the next human box, on frame ``stop``; without one the object is followed
    forward from ``left`` alone. ``context`` holds other human boxes of the track, near first.

    Raises: ValueError if ``stop`` is not behind ``left`` or not the frame of ``right``.
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
