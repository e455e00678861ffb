"""Pre-labelling: what a detector sees in a video becomes tracks that wait for a person.

Such a track is ``proposed``: training does not see it until it is accepted, and nothing that
a person drew is touched by it. The job and the routes put the edits made here through
``services.annotations``, so that each run is one step that can be undone.
"""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from tpod_core.annotations.operations import AcceptTracks, DeleteTrack, EditOp
from tpod_core.errors import Conflict, InvalidInput
from tpod_core.inference.detection_filter import DetectionFilter
from tpod_core.models import Detector, Job, JobKind, Label, Track, User, Video, saved_id
from tpod_core.services.detector_runs import runs

_DONE = "track_ids"


def start(
    session: Session, user: User, video: Video, detector: Detector, wish: DetectionFilter
) -> Job:
    """Let ``detector`` propose tracks in ``video``.

    Raises: Conflict if a class of it has no label any more, and as ``runs.submit``.
    """
    wish.check(detector)
    require_labels(session, detector, wish)
    return runs.submit(session, user, JobKind.PRELABEL_VIDEO, video, detector, wish)


def find_newest(session: Session, video: Video, detector: Detector) -> Job | None:
    """The newest job in which ``detector`` pre-labels ``video``."""
    return next(iter(runs.list_jobs(session, JobKind.PRELABEL_VIDEO, video, detector)), None)


def require_labels(session: Session, detector: Detector, wish: DetectionFilter) -> None:
    """Raises: Conflict that names the classes whose label was deleted or renamed."""
    names = set(wish.labels or detector.labels)
    known = set(session.exec(select(Label.name).where(col(Label.name).in_(names))))
    if gone := sorted(names - known):
        quoted = ", ".join(f"“{name}”" for name in gone)
        raise Conflict(
            f"{detector.name} finds {quoted}, but there is no label of that name any more. "
            "Add it to a video's labels, or leave that class out."
        )


def earlier_proposals(session: Session, video: Video, detector: Detector) -> set[int]:
    """The tracks that ``detector`` has ever proposed in ``video``, whatever became of them."""
    done = runs.list_jobs(session, JobKind.PRELABEL_VIDEO, video, detector)
    return {track_id for job in done for track_id in job.result.get(_DONE, ())}


def result_of(track_ids: Sequence[int], replaced: int) -> dict[str, object]:
    """What a job keeps of its run; ``earlier_proposals`` reads it."""
    return {_DONE: list(track_ids), "replaced": replaced}


def choose(
    session: Session,
    video: Video,
    min_score: float | None = None,
    track_ids: Sequence[int] | None = None,
) -> tuple[int, ...]:
    """The proposed tracks that a person speaks of: of these ids, from this score on, or all.

    Raises: InvalidInput for an id that is no proposal of this video.
    """
    query = select(Track).where(Track.video_id == saved_id(video), col(Track.proposed).is_(True))
    open_ones = {saved_id(row): row.score or 0.0 for row in session.exec(query)}
    for number, track_id in enumerate(track_ids or ()):
        if track_id not in open_ones:
            raise InvalidInput(
                f"Track {track_id} is no proposal of this video, or was decided on already.",
                f"track_ids[{number}]",
            )
    named = open_ones if track_ids is None else track_ids
    lowest = min_score if min_score is not None else 0.0
    return tuple(track_id for track_id in named if open_ones[track_id] >= lowest)


def accepting(track_ids: Sequence[int]) -> list[EditOp]:
    """The edits by which proposals become labels."""
    return [AcceptTracks(tuple(track_ids))] if track_ids else []


def rejecting(track_ids: Sequence[int]) -> list[EditOp]:
    """The edits by which proposals go."""
    return [DeleteTrack(track_id) for track_id in track_ids]
