"""What jobs are about: a row, by its table's name in the singular and its id, "video:12"."""

from tpod_core.models import Detector, TrainingSet, User, Video, saved_id

Subject = User | Video | TrainingSet | Detector

_NOUNS: dict[type[Subject], str] = {
    User: "user",
    Video: "video",
    TrainingSet: "training_set",
    Detector: "detector",
}


def subject_of(row: Subject) -> str:
    """``Job.subject`` of a job that works on this row; ``Job.subject_id`` is the way back."""
    return subject_with(type(row), saved_id(row))


def subject_with(table: type[Subject], row_id: int) -> str:
    """The same where only the id is known."""
    return f"{_NOUNS[table]}:{row_id}"
