"""A video's list of labels in the tables, and the team-wide catalogue that all lists draw from."""

from collections.abc import Sequence

from sqlalchemy import func
from sqlmodel import Session, col, select

from tpod_core.annotations import log
from tpod_core.annotations.history import Part
from tpod_core.annotations.label_names import clean_label_name, same_name_key
from tpod_core.annotations.palette import clean_color, color_at
from tpod_core.errors import Conflict, InvalidInput
from tpod_core.models import Label, Track, User, Video, VideoLabel, saved_id

MAX_LABELS = 500
"""So many labels may be in a video's list."""

LabelSpec = tuple[str, str | None]
"""A label's name and its colour, or None to have one chosen."""


def list_labels_of_each(session: Session, videos: Sequence[Video]) -> dict[int, list[Label]]:
    """The labels of each video in their order, by the video's id, in one query for all."""
    found: dict[int, list[Label]] = {saved_id(video): [] for video in videos}
    query = (
        select(VideoLabel.video_id, Label)
        .join(Label, col(VideoLabel.label_id) == Label.id)
        .where(col(VideoLabel.video_id).in_(found))
        .order_by(col(VideoLabel.position))
    )
    for video_id, label in session.exec(query):
        found[video_id].append(label)
    return found


def list_labels(session: Session, video: Video) -> list[Label]:
    """The video's labels in their order; the first nine have the keys 1-9."""
    return list_labels_of_each(session, [video])[saved_id(video)]


def write_list(session: Session, video: Video, labels: Sequence[LabelSpec]) -> list[Label]:
    """Make ``labels`` the video's list, in this order; a colour given changes the team's.

    Raises: InvalidInput for a bad or repeated name; Conflict if one left out has boxes here.
    """
    wanted = _clean_labels(labels)
    rows = [_catalogued(session, name, color) for name, color in wanted]
    _require_unused(session, video, {saved_id(row) for row in rows})
    present = session.exec(select(VideoLabel).where(VideoLabel.video_id == video.id)).all()
    for link in present:
        session.delete(link)
    session.flush()
    for position, row in enumerate(rows):
        link = VideoLabel(video_id=saved_id(video), label_id=saved_id(row), position=position)
        session.add(link)
    session.flush()
    return rows


def change_list(
    session: Session, user: User, video: Video, labels: Sequence[LabelSpec]
) -> list[Label]:
    """``write_list`` as a step of the video's log, so that open screens hear of it.

    Undo passes such a step over.
    """
    log.lock(session, video)
    before = label_part(session, video)
    rows = write_list(session, video, labels)
    after = label_part(session, video)
    if before != after:
        log.write_step(session, user, video, (before, after))
    return rows


def append(session: Session, video: Video, added: Sequence[LabelSpec]) -> None:
    """Put labels at the end of the video's list, but for those that are in it.

    A label that the team has already keeps its colour. Raises as ``write_list``.
    """
    listed = list_labels(session, video)
    present = {same_name_key(label.name) for label in listed}
    wishes: list[LabelSpec] = [(label.name, None) for label in listed]
    for name, color in added:
        if same_name_key(name) not in present:
            present.add(same_name_key(name))
            known = _find(session, name) is not None
            wishes.append((name, None if known else color))
    if len(wishes) > len(listed):
        write_list(session, video, wishes)


def label_part(session: Session, video: Video) -> Part:
    """The list as a part of a log entry."""
    return {"labels": [[label.name, label.color] for label in list_labels(session, video)]}


def _clean_labels(labels: Sequence[LabelSpec]) -> list[LabelSpec]:
    if len(labels) > MAX_LABELS:
        raise InvalidInput(f"A video has at most {MAX_LABELS} labels.", "labels")
    clean: list[LabelSpec] = []
    seen: set[str] = set()
    for position, (name, color) in enumerate(labels):
        field = f"labels[{position}]"
        fine = clean_label_name(name, f"{field}.name")
        if same_name_key(fine) in seen:
            raise InvalidInput(f"The label {fine!r} is there twice.", f"{field}.name")
        seen.add(same_name_key(fine))
        clean.append((fine, clean_color(color, f"{field}.color") if color else None))
    return clean


def _catalogued(session: Session, name: str, color: str | None) -> Label:
    row = _find(session, name)
    if row is None:
        position = session.exec(select(func.count()).select_from(Label)).one()
        row = Label(name=name, color=color or color_at(position))
    elif color:
        row.color = color
    session.add(row)
    session.flush()
    return row


def _find(session: Session, name: str) -> Label | None:
    return session.exec(select(Label).where(Label.name == name)).first()


def _require_unused(session: Session, video: Video, kept: set[int]) -> None:
    used = (
        select(Label.name)
        .join(Track, col(Track.label_id) == Label.id)
        .where(Track.video_id == video.id, col(Label.id).not_in(kept))
        .distinct()
    )
    if names := session.exec(used).all():
        raise Conflict(
            f"{', '.join(sorted(names))}: still used by boxes of this video. "
            "Relabel or delete their tracks first."
        )
