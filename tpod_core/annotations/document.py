"""Annotations as values: what goes in and out of the service, the API and the screen."""

from dataclasses import dataclass, field

from tpod_core.geometry import Box
from tpod_core.models import KeyframeSource


@dataclass(frozen=True, slots=True)
class KeyframeDoc:
    """A box fixed on one frame.

    ``outside`` ends the track's box from this frame until the next key frame; ``box`` is then
    where the object was last. ``occluded``: the object is there, partly hidden.
    """

    frame: int
    box: Box
    outside: bool = False
    occluded: bool = False
    source: KeyframeSource = KeyframeSource.MANUAL


@dataclass(frozen=True)
class TrackDoc:
    """One object through a video; ``id`` is ``None`` for a track that is new.

    A ``proposed`` track is a detector's, with the detector's ``score`` 0..1, and waits for a
    person to accept it.
    """

    id: int | None
    label: str
    keyframes: tuple[KeyframeDoc, ...]
    proposed: bool = False
    score: float | None = None


@dataclass(frozen=True)
class LabelDoc:
    """A label of the video's list; ``color`` is ``"#rrggbb"``."""

    name: str
    color: str
    id: int


@dataclass(frozen=True)
class AnnotationDoc:
    """Everything known about a video at one revision.

    ``ranges`` are the fully labelled stretches, ``start <= frame < stop``, sorted and apart.
    """

    revision: int
    labels: tuple[LabelDoc, ...] = ()
    tracks: tuple[TrackDoc, ...] = ()
    ranges: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class FrameBox:
    """A box as it stands on one frame.

    ``source`` says where it comes from: a ``KeyframeSource`` on a key frame, ``"linear"`` or
    ``"visual"`` elsewhere. ``keyframe`` tells the two apart. ``uncertainty`` is 0 (sure) to
    1 (a guess), and known of visual boxes alone.
    """

    track_id: int
    label: str
    box: Box
    source: str
    occluded: bool
    keyframe: bool
    uncertainty: float | None = None
    proposed: bool = False


@dataclass(frozen=True)
class TrackState:
    """A track as stored: its label's row, its key frames by frame, and as in ``TrackDoc``.

    ``linear`` and ``derived`` are no part of what an edit changes, and are not compared.
    ``derived`` holds propagated boxes by the number of the key frame before them, as bytes of
    ``DerivedBoxes``; only ``tracks.derived`` fills it, with what fits the key frames.
    """

    label_id: int
    keyframes: dict[int, KeyframeDoc] = field(default_factory=dict)
    proposed: bool = False
    score: float | None = None
    linear: bool = field(default=False, compare=False)
    derived: dict[int, bytes] = field(default_factory=dict, compare=False, repr=False)

    def ordered(self) -> list[KeyframeDoc]:
        """The key frames in the order of time."""
        return [self.keyframes[frame] for frame in sorted(self.keyframes)]
