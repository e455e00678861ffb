"""Videos and labels straight in the database, with or without a file behind them."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

from sqlmodel import select

from tests.synthetic import make_lossless, make_video
from tests.unwatched import Unwatched
from tpod_core import db
from tpod_core.geometry import Box
from tpod_core.models import Label, User, Video, VideoLabel, VideoState, saved_id
from tpod_core.services import annotations
from tpod_core.services.annotations import AnnotationDoc, KeyframeDoc, TrackDoc
from tpod_core.storage import get_storage
from tpod_core.video.probe import probe
from tpod_core.video.scan import scan
from tpod_core.video.source import index_key

FILE_WH = (160, 96)


def add_video(
    owner: User,
    name: str = "Kitchen",
    labels: Sequence[str] = ("cup", "bus"),
    frame_count: int = 100,
    state: VideoState = VideoState.READY,
) -> Video:
    """A video of 640 x 360 pixels and 10 frames a second, with its list of labels."""
    with db.transaction() as session:
        video = Video(
            owner_id=saved_id(owner),
            name=name,
            state=state,
            sha256=f"sha of {name}",
            width=640,
            height=360,
            fps=10,
            frame_count=frame_count,
        )
        session.add(video)
        session.flush()
        for position, label_name in enumerate(labels):
            label = session.exec(select(Label).where(Label.name == label_name)).first()
            label = label or Label(name=label_name, color="#ff0000")
            session.add(label)
            session.flush()
            session.add(
                VideoLabel(video_id=saved_id(video), label_id=saved_id(label), position=position)
            )
    return video


def track(label: str, start: int, stop: int, x: float = 0.0, step: int = 1) -> TrackDoc:
    """A box of 20 x 20 pixels with a key frame every ``step`` frames, gone from ``stop`` on."""
    box = Box(x, 10, x + 20, 30)
    seen = tuple(KeyframeDoc(frame, box) for frame in range(start, stop, step))
    return TrackDoc(None, label, (*seen, KeyframeDoc(stop, box, outside=True)))


def annotate(
    user: User,
    video: Video,
    *tracks: TrackDoc,
    ranges: Sequence[tuple[int, int]] = (),
) -> AnnotationDoc:
    """Replace what is labelled in ``video``."""
    with db.transaction() as session:
        row = session.get_one(Video, video.id)
        document = AnnotationDoc(row.revision, (), tracks, tuple(ranges))
        return annotations.replace_document(session, user, row, document, row.revision)


def give_file(
    video: Video,
    frames: int,
    shows: Callable[[int], int] = int,
    time_of: Callable[[int], Fraction] | None = None,
) -> None:
    """Put a real file of numbered frames, 160 x 96, and its index behind a video.

    Args:
        shows, time_of: as ``make_video`` has them.
    """
    path = _place_for(video, "source.mp4")
    _put_behind(video, make_video(path, frames, FILE_WH, fps=10, shows=shows, time_of=time_of))


def give_large_file(video: Video, frames: int, wh: tuple[int, int]) -> None:
    """Put a real file behind a video whose frames may be larger than H.264 has them."""
    _put_behind(video, make_lossless(_place_for(video, "source.mkv"), frames, wh))


def _place_for(video: Video, name: str) -> Path:
    path = get_storage().path(f"videos/{video.id}/{name}")
    path.parent.mkdir(parents=True)
    return path


def _put_behind(video: Video, path: Path) -> None:
    key = f"videos/{video.id}/{path.name}"
    index = scan(path, probe(path), Unwatched()).index
    get_storage().write(index_key(key), index.to_bytes())
    with db.transaction() as session:
        row = session.get_one(Video, video.id)
        row.source_key = row.playback_key = key
        row.width, row.height = index.upright_wh
        row.frame_count = len(index)
