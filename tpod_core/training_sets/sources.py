"""The labelled videos that a training set is made of, read at one moment."""

from dataclasses import dataclass

from sqlmodel import Session

from tpod_core.models import Video, saved_id
from tpod_core.propagation.stored import with_derived
from tpod_core.tracks import reading
from tpod_core.tracks.documents import LabelDoc, TrackState
from tpod_core.tracks.ranges import Range


@dataclass(frozen=True)
class Source:
    """A video with everything that is labelled in it at ``revision``.

    Proposed tracks are left out: nobody has looked at them yet.
    """

    video_id: int
    name: str
    sha256: str
    revision: int
    frame_count: int
    frame_wh: tuple[int, int]
    fps: float
    labels: tuple[LabelDoc, ...]
    tracks: dict[int, TrackState]
    ranges: tuple[Range, ...]


def load_source(session: Session, video: Video) -> Source:
    video_id = saved_id(video)
    tracks = with_derived(session, video, reading.load_tracks(session, video_id))
    return Source(
        video_id=video_id,
        name=video.name,
        sha256=video.sha256,
        revision=video.revision,
        frame_count=video.frame_count,
        frame_wh=video.frame_wh,
        fps=video.fps,
        labels=reading.load_labels(session, video_id),
        tracks={track_id: state for track_id, state in tracks.items() if not state.proposed},
        ranges=reading.load_ranges(session, video_id),
    )
