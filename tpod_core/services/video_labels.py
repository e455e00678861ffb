"""The labels of a video, and the team's catalogue that all videos share."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from tpod_core.annotations.label_list import (
    LabelSpec,
    change_list,
    list_labels,
    list_labels_of_each,
    write_list,
)
from tpod_core.models import Label, User, Video

__all__ = [
    "LabelSpec",
    "list_catalogue",
    "list_labels",
    "list_labels_of_each",
    "set_first_labels",
    "set_labels",
]


def list_catalogue(session: Session) -> list[Label]:
    """Returns all labels of the team, by name."""
    return list(session.exec(select(Label).order_by(col(Label.name))))


def set_first_labels(session: Session, video: Video, labels: Sequence[LabelSpec]) -> list[Label]:
    """Set the labels of a video that is being created. Raises: as ``set_labels``."""
    return write_list(session, video, labels)


def set_labels(
    session: Session, user: User, video: Video, labels: Sequence[LabelSpec]
) -> list[Label]:
    """Make ``labels`` the video's list, in this order; a given colour changes the catalogue's.

    Raises: InvalidInput for a bad or repeated name; Conflict if a removed label has boxes here.
    """
    return change_list(session, user, video, labels)
