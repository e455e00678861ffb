"""What a person can do to a video's annotations: one value per act.

The same acts are the ``ops`` of ``PATCH /videos/{id}/annotations``, in snake_case.
"""

from dataclasses import dataclass

from tpod_core.geometry import Box
from tpod_core.models import KeyframeSource
from tpod_core.tracks.documents import TrackDoc


@dataclass(frozen=True)
class PutBox:
    """Fix ``box`` on ``frame``: of the track ``track_id``, or of a new one of class ``label``.

    With a ``track_id`` a ``label`` is not looked at: ``RelabelTrack`` is another act. A box
    that a person puts on a proposed track accepts it.
    """

    frame: int
    box: Box
    label: str | None = None
    track_id: int | None = None
    occluded: bool = False
    source: KeyframeSource = KeyframeSource.MANUAL


@dataclass(frozen=True)
class AddTrack:
    """A new track, whole; its id is not looked at."""

    track: TrackDoc


@dataclass(frozen=True)
class RemoveKeyframe:
    """Forget what was fixed on ``frame``; the box there is derived again."""

    track_id: int
    frame: int


@dataclass(frozen=True)
class HideBox:
    """Take the box away on this one frame; before and after it the track stays as it is."""

    track_id: int
    frame: int


@dataclass(frozen=True)
class EndTrack:
    """The object is gone from ``frame`` on; later key frames are removed."""

    track_id: int
    frame: int


@dataclass(frozen=True)
class DeleteTrack:
    """Remove the object from the whole video."""

    track_id: int


@dataclass(frozen=True)
class RelabelTrack:
    """Give the object another label of the video's list, on every frame."""

    track_id: int
    label: str


@dataclass(frozen=True)
class MergeTracks:
    """``other_id`` was the same object: its key frames become those of ``track_id``."""

    track_id: int
    other_id: int


@dataclass(frozen=True)
class SplitTrack:
    """From ``frame`` on it is another object: a new track takes over there."""

    track_id: int
    frame: int


@dataclass(frozen=True)
class AcceptTracks:
    """A person has looked at these proposed tracks: they are labels from now on."""

    track_ids: tuple[int, ...]


@dataclass(frozen=True)
class SetOccluded:
    """Say from ``frame`` until the next key frame whether the object is partly hidden."""

    track_id: int
    frame: int
    occluded: bool


@dataclass(frozen=True)
class MarkRange:
    """Every object has its box on the frames ``start <= frame < stop``."""

    start: int
    stop: int


@dataclass(frozen=True)
class ClearRange:
    """Take ``MarkRange`` back for these frames."""

    start: int
    stop: int


TrackEdit = RemoveKeyframe | HideBox | EndTrack | RelabelTrack | SetOccluded
RangeEdit = MarkRange | ClearRange
WholeTracksEdit = AddTrack | DeleteTrack | MergeTracks | SplitTrack | AcceptTracks
EditOp = PutBox | WholeTracksEdit | TrackEdit | RangeEdit
