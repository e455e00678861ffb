"""Pre-labelling: a detector's detections in a video become proposed tracks.

Training ignores a ``proposed`` track until a user accepts it, and it changes no manual
annotation. The job and the routes apply the edits made here by ``services.annotations``, so that
each run is one step that can be undone.
"""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from tpod_core.annotations.operations import AcceptTracks, DeleteTrack, EditOp
from tpod_core.errors import Conflict, InvalidInput
from tpod_core.inference.detection_filter import DetectionFilter
from tpod_core.models import Detector, Job, JobKind, Label, Track, User, Video, saved_id
from tpod_core.services.detector_runs import runs

_TRACK_IDS = "track_ids"


def start(
    session: Session,
    user: User,
    video: Video,
    detector: Detector,
    detection_filter: DetectionFilter,
) -> Job:
    """Let ``detector`` propose tracks in ``video``.

    Raises: Conflict if one of its classes no longer has a label, and as ``runs.submit``.
    """
    detection_filter.check(detector)
    require_labels(session, detector, detection_filter)
    return runs.submit(session, user, JobKind.PRELABEL_VIDEO, video, detector, detection_filter)


def find_newest(session: Session, video: Video, detector: Detector) -> Job | None:
    """Returns the newest job in which ``detector`` pre-labels ``video``."""
    return next(iter(runs.list_jobs(session, JobKind.PRELABEL_VIDEO, video, detector)), None)


def require_labels(session: Session, detector: Detector, detection_filter: DetectionFilter) -> None:
    """Raises: Conflict that names the classes whose label was deleted or renamed."""
    names = set(detection_filter.labels or detector.labels)
    known = set(session.exec(select(Label.name).where(col(Label.name).in_(names))))
    if missing := sorted(names - known):
        quoted = ", ".join(f"“{name}”" for name in missing)
        raise Conflict(
            f"{detector.name} finds {quoted}, but there is no label of that name any more. "
            "Add it to a video's labels, or leave that class out."
        )


def earlier_proposals(session: Session, video: Video, detector: Detector) -> set[int]:
    """Returns every track that ``detector`` has proposed in ``video``, decided ones included."""
    done = runs.list_jobs(session, JobKind.PRELABEL_VIDEO, video, detector)
    return {track_id for job in done for track_id in job.result.get(_TRACK_IDS, ())}


def result_of(track_ids: Sequence[int], replaced: int) -> dict[str, object]:
    """Returns the result of a job, which ``earlier_proposals`` reads."""
    return {_TRACK_IDS: list(track_ids), "replaced": replaced}


def select_proposals(
    session: Session,
    video: Video,
    min_score: float | None = None,
    track_ids: Sequence[int] | None = None,
) -> tuple[int, ...]:
    """Returns the open proposals with one of ``track_ids`` and at least ``min_score``.

    Raises: InvalidInput for an id that is not an open proposal of this video.
    """
    query = select(Track).where(Track.video_id == saved_id(video), col(Track.proposed).is_(True))
    scores = {saved_id(row): row.score or 0.0 for row in session.exec(query)}
    for number, track_id in enumerate(track_ids or ()):
        if track_id not in scores:
            raise InvalidInput(
                f"Track {track_id} is not a proposal of this video, or was already decided.",
                f"track_ids[{number}]",
            )
    selected = scores if track_ids is None else track_ids
    lowest = min_score if min_score is not None else 0.0
    return tuple(track_id for track_id in selected if scores[track_id] >= lowest)


def accept_edits(track_ids: Sequence[int]) -> list[EditOp]:
    """Returns the edits that turn proposals into labels."""
    return [AcceptTracks(tuple(track_ids))] if track_ids else []


def reject_edits(track_ids: Sequence[int]) -> list[EditOp]:
    """Returns the edits that delete proposals."""
    return [DeleteTrack(track_id) for track_id in track_ids]
