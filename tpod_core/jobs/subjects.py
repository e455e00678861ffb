"""What jobs are about: a row, by its table's name in the singular and its id, "video:12"."""

from tpod_core.models import Detector, TrainingSet, User, Video

NOUNS: dict[type[User | Video | TrainingSet | Detector], str] = {
    User: "user",
    Video: "video",
    TrainingSet: "training_set",
    Detector: "detector",
}


def subject_of(table: type[User | Video | TrainingSet | Detector], row_id: int) -> str:
    """``Job.subject`` of a job that works on this row; ``Job.subject_id`` is the way back."""
    return f"{NOUNS[table]}:{row_id}"
