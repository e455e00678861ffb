"""Annotations as plain values, as the services, the API and the screens exchange them."""

from dataclasses import dataclass, field

from tpod_core.geometry import Box
from tpod_core.models import KeyframeSource


@dataclass(frozen=True, slots=True)
class KeyframeDoc:
    """A key frame: a track's box on one frame.

    ``outside`` hides the track from this frame until the next key frame; ``box`` is then its
    last box. ``occluded`` means that the object is partly hidden.
    """

    frame: int
    box: Box
    outside: bool = False
    occluded: bool = False
    source: KeyframeSource = KeyframeSource.MANUAL


@dataclass(frozen=True)
class TrackDoc:
    """One object through a video; ``id`` is ``None`` for a new track.

    A ``proposed`` track comes from a detector, whose ``score`` is 0..1, and waits for a person
    to accept it.
    """

    id: int | None
    label: str
    keyframes: tuple[KeyframeDoc, ...]
    proposed: bool = False
    score: float | None = None


@dataclass(frozen=True)
class LabelDoc:
    """A label in a video's list; ``color`` is ``"#rrggbb"``."""

    name: str
    color: str
    id: int


@dataclass(frozen=True)
class AnnotationDoc:
    """All annotations of a video at one revision.

    ``ranges`` are the fully labelled frames, ``start <= frame < stop``, sorted and disjoint.
    """

    revision: int
    labels: tuple[LabelDoc, ...] = ()
    tracks: tuple[TrackDoc, ...] = ()
    ranges: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class FrameBox:
    """A track's box on one frame.

    ``source`` is a ``KeyframeSource`` on a key frame, else ``"linear"`` or ``"visual"``.
    ``uncertainty`` is 0 (certain) to 1 (a guess), and ``None`` where it is not known. A ``lost``
    box lies beyond the probable end of its track.
    """

    track_id: int
    label: str
    box: Box
    source: str
    occluded: bool
    keyframe: bool
    uncertainty: float | None = None
    proposed: bool = False
    lost: bool = False


@dataclass(frozen=True)
class TrackState:
    """A track as stored; ``proposed`` and ``score`` as in ``TrackDoc``, key frames by frame.

    ``derived`` holds propagated boxes as bytes of ``DerivedBoxes``, by the number of the key
    frame before them; only ``propagation.store`` fills it. Edits do not change ``linear`` and
    ``derived``, so comparisons ignore them.
    """

    label_id: int
    keyframes: dict[int, KeyframeDoc] = field(default_factory=dict)
    proposed: bool = False
    score: float | None = None
    linear: bool = field(default=False, compare=False)
    derived: dict[int, bytes] = field(default_factory=dict, compare=False, repr=False)

    def ordered(self) -> list[KeyframeDoc]:
        """Returns the key frames in the order of their frames."""
        return [self.keyframes[frame] for frame in sorted(self.keyframes)]
