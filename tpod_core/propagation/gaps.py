"""The gaps of a track that propagation has to fill, and the fingerprints of their boxes.

A gap lies between a key frame with a box and the next key frame. It is tracked from both ends
if both boxes are trusted. It is tracked forward from its left end alone after the last key
frame, and before an ``outside`` key frame whose box is only the last one held.
"""

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from tpod_core.annotations.document import KeyframeDoc
from tpod_core.models import KeyframeSource, Video
from tpod_core.tracking.segment_tracking import METHOD
from tpod_core.tracking.segments import Anchor, Segment

FORWARD_LENGTHS = (300, 1200, 3000)
"""The lengths of forward tracking, in frames: each next one while it stays certain.

After the last one the box is held, until a later key frame makes tracking continue.
"""
CONTEXT = 1
"""The number of other key frames on either side that give context. An edit makes as many gaps
on either side stale."""


@dataclass(frozen=True)
class Gap:
    """The frames ``left.frame < n < stop`` of a track, without a key frame.

    ``right`` is the key frame on ``stop`` if its box is trusted, else ``None``. ``number`` is
    the index of ``left`` among the track's key frames, ``file_sha256`` the hash of the video's
    file.
    """

    left: KeyframeDoc
    right: KeyframeDoc | None
    stop: int
    number: int
    file_sha256: str = ""

    @property
    def fingerprint(self) -> str:
        """A digest that is equal for gaps of one file with equal ends, whatever their ``stop``."""
        return sha256((self.file_sha256 + self.ends_digest).encode()).hexdigest()

    @property
    def ends_digest(self) -> str:
        ends = [self.left] if self.right is None else [self.left, self.right]
        return _digest(ends, "straight" if self.is_linear else "")

    @property
    def is_linear(self) -> bool:
        """Whether the gap is interpolated, because both ends are detections.

        The detector ran on the frames between them, and ``annotations.thinning`` dropped only
        key frames that interpolation represents.
        """
        return self.right is not None and all(
            end.source is KeyframeSource.DETECTED for end in (self.left, self.right)
        )

    def next_requested_stop(self, requested_stop: int = 0) -> int:
        """Returns the frame to fill the gap up to, once it is filled to ``requested_stop``."""
        if self.right is not None:
            return self.stop
        steps = (min(self.stop, self.left.frame + 1 + step) for step in FORWARD_LENGTHS)
        return next(
            (step for step in steps if step > requested_stop), min(requested_stop, self.stop)
        )

    def context_digest(self, keyframes: Sequence[KeyframeDoc]) -> str:
        """Returns a digest of the context that ``segment`` would have."""
        return _digest(self._near(keyframes))

    def segment(self, requested_stop: int, keyframes: Sequence[KeyframeDoc]) -> Segment:
        """Returns the tracking input.

        Args:
            keyframes: all of the track, sorted by frame; near ones become the context.
        """
        return Segment(
            left=_anchor(self.left),
            right=None if self.right is None else _anchor(self.right),
            stop=requested_stop,
            context=tuple(_anchor(keyframe) for keyframe in self._near(keyframes)),
        )

    def _near(self, keyframes: Sequence[KeyframeDoc]) -> list[KeyframeDoc]:
        next_number = self.number + (1 if self.right is None else 2)
        before = keyframes[max(0, self.number - CONTEXT) : self.number]
        after = keyframes[next_number : next_number + CONTEXT]
        others = [keyframe for keyframe in (*before, *after) if not keyframe.outside]
        return sorted(others, key=lambda k: abs(k.frame - self.left.frame))


def gaps(keyframes: Sequence[KeyframeDoc], video: Video) -> Iterator[Gap]:
    """Yields the gaps of a track of ``video``, in order.

    Args:
        keyframes: of one track, sorted by frame.
    """
    frame_count, file_sha256 = video.frame_count, video.sha256
    for number, left in enumerate(keyframes):
        right = keyframes[number + 1] if number + 1 < len(keyframes) else None
        stop = frame_count if right is None else right.frame
        if not left.outside and stop - left.frame > 1:
            trusted = right if right and _is_trusted(right) else None
            yield Gap(left, trusted, stop, number, file_sha256)


def _digest(keyframes: Iterable[KeyframeDoc], suffix: str = "") -> str:
    packed = b"".join(struct.pack("<q4d", k.frame, *k.box.xyxy) for k in keyframes)
    return sha256(f"{METHOD}{suffix}".encode() + packed).hexdigest()


def _is_trusted(right: KeyframeDoc) -> bool:
    """An outside key frame set on an interpolated box says when the object left, not where."""
    return not right.outside or right.source is KeyframeSource.TRACKED


def _anchor(keyframe: KeyframeDoc) -> Anchor:
    return Anchor(keyframe.frame, keyframe.box)
