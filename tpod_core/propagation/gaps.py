"""Which frames of a track propagation has to fill, and the name of what fills them.

A gap lies between a key frame with a box and the next key frame. It is filled from both ends
where both boxes can be trusted, and tracked forward from its left end alone after the last
key frame, and before an end whose box was merely held there.
"""

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from tpod_core.annotations.document import KeyframeDoc
from tpod_core.models import KeyframeSource
from tpod_core.tracking.segment_tracking import METHOD
from tpod_core.tracking.segments import Anchor, Segment

FORWARD_LENGTHS = (300, 1200, 3000)
"""How far forward tracking goes, in frames: first so far, then further while it is sure.

A key frame put behind its end makes it go on; behind that, the box is held.
"""
CONTEXT = 1
"""So many other key frames on either side tell of the object. Each edit has as many gaps on
either side found anew."""


@dataclass(frozen=True)
class Gap:
    """The frames ``left.frame < n < stop`` of a track, without a key frame.

    ``right`` is the key frame on ``stop`` if its box can be trusted, else ``None``. ``number``
    is the place of ``left`` among the track's key frames.
    """

    left: KeyframeDoc
    right: KeyframeDoc | None
    stop: int
    number: int

    @property
    def fingerprint(self) -> str:
        """Equal for gaps that propagation fills with equal boxes; a forward one has no stop."""
        ends = [self.left] if self.right is None else [self.left, self.right]
        return _named(ends, "straight" if self.is_straight else "")

    @property
    def is_straight(self) -> bool:
        """Whether a detector has put both ends.

        It has looked at the frames between them, and ``annotations.thinning`` has left out only
        key frames for which the straight line is true to what it saw there.
        """
        return self.right is not None and all(
            end.source is KeyframeSource.DETECTED for end in (self.left, self.right)
        )

    def next_requested_stop(self, requested_stop: int = 0) -> int:
        """The frame up to which to fill it, once it is filled up to ``requested_stop``."""
        if self.right is not None:
            return self.stop
        steps = (min(self.stop, self.left.frame + 1 + step) for step in FORWARD_LENGTHS)
        return next(
            (step for step in steps if step > requested_stop), min(requested_stop, self.stop)
        )

    def context_name(self, keyframes: Sequence[KeyframeDoc]) -> str:
        """Equal where the context that ``segment`` gives is equal."""
        return _named(self._near(keyframes))

    def segment(self, requested_stop: int, keyframes: Sequence[KeyframeDoc]) -> Segment:
        """What to ask of propagation.

        Args:
            keyframes: all of the track, sorted by frame; near ones give the context.
        """
        return Segment(
            left=_anchor(self.left),
            right=None if self.right is None else _anchor(self.right),
            stop=requested_stop,
            context=tuple(_anchor(keyframe) for keyframe in self._near(keyframes)),
        )

    def _near(self, keyframes: Sequence[KeyframeDoc]) -> list[KeyframeDoc]:
        behind = self.number + (1 if self.right is None else 2)
        before = keyframes[max(0, self.number - CONTEXT) : self.number]
        after = keyframes[behind : behind + CONTEXT]
        others = [keyframe for keyframe in (*before, *after) if not keyframe.outside]
        return sorted(others, key=lambda k: abs(k.frame - self.left.frame))


def gaps(keyframes: Sequence[KeyframeDoc], frame_count: int) -> Iterator[Gap]:
    """The gaps of a track, in order.

    Args:
        keyframes: of one track, sorted by frame.
    """
    for number, left in enumerate(keyframes):
        right = keyframes[number + 1] if number + 1 < len(keyframes) else None
        stop = frame_count if right is None else right.frame
        if not left.outside and stop - left.frame > 1:
            yield Gap(left, right if right and _is_trusted(right) else None, stop, number)


def _named(keyframes: Iterable[KeyframeDoc], way: str = "") -> str:
    packed = b"".join(struct.pack("<q4d", k.frame, *k.box.xyxy) for k in keyframes)
    return sha256(f"{METHOD}{way}".encode() + packed).hexdigest()


def _is_trusted(right: KeyframeDoc) -> bool:
    """An end that a person set on a straight line says when, not where, the object left."""
    return not right.outside or right.source is KeyframeSource.TRACKED


def _anchor(keyframe: KeyframeDoc) -> Anchor:
    return Anchor(keyframe.frame, keyframe.box)
