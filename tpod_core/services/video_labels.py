"""The labels of a video: its list, and the team-wide catalogue that all lists draw from."""

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
    """Every label of the team, by name."""
    return list(session.exec(select(Label).order_by(col(Label.name))))


def set_first_labels(session: Session, video: Video, labels: Sequence[LabelSpec]) -> list[Label]:
    """The labels of a video that is being created. Raises as ``set_labels``."""
    return write_list(session, video, labels)


def set_labels(
    session: Session, user: User, video: Video, labels: Sequence[LabelSpec]
) -> list[Label]:
    """Make ``labels`` the video's list, in this order; a colour given changes the team's.

    Raises: InvalidInput for a bad or repeated name; Conflict if one left out has boxes here.
    """
    return change_list(session, user, video, labels)
