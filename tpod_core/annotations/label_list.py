"""A video's list of labels in the database, and the team's catalogue that all lists share."""

from collections.abc import Collection, Sequence

from sqlalchemy import func
from sqlmodel import Session, col, select

from tpod_core.annotations import log
from tpod_core.annotations.history import Part
from tpod_core.annotations.label_names import clean_label_name, same_name_key
from tpod_core.annotations.palette import clean_color, color_at
from tpod_core.errors import Conflict, InvalidInput
from tpod_core.events import log_after_commit
from tpod_core.models import Label, Track, User, Video, VideoLabel, saved_id
from tpod_core.names import normalised

MAX_LABELS = 500
"""The most labels that a video's list may have."""

LabelSpec = tuple[str, str | None]
"""A label's name and its colour; ``None`` has one chosen."""


def list_labels_of_each(session: Session, videos: Sequence[Video]) -> dict[int, list[Label]]:
    """Returns the labels of each video in their order, by video id, with one query."""
    labels_by_video: dict[int, list[Label]] = {saved_id(video): [] for video in videos}
    query = (
        select(VideoLabel.video_id, Label)
        .join(Label, col(VideoLabel.label_id) == Label.id)
        .where(col(VideoLabel.video_id).in_(labels_by_video))
        .order_by(col(VideoLabel.position))
    )
    for video_id, label in session.exec(query):
        labels_by_video[video_id].append(label)
    return labels_by_video


def list_labels(session: Session, video: Video) -> list[Label]:
    """Returns the video's labels in their order; the first nine have the keys 1-9."""
    return list_labels_of_each(session, [video])[saved_id(video)]


def write_list(session: Session, video: Video, labels: Sequence[LabelSpec]) -> list[Label]:
    """Make ``labels`` the video's list, in this order; a given colour changes the catalogue's.

    A name that reads as one in the catalogue becomes that one: "Cup" and "cup" are one class.

    Raises: InvalidInput for a bad or repeated name; Conflict if a removed label has boxes here.
    """
    specs = _clean_labels(labels, {label.name for label in list_labels(session, video)})
    rows = [_save_in_catalogue(session, name, color) for name, color in specs]
    _require_unused(session, video, {saved_id(row) for row in rows})
    present = session.exec(select(VideoLabel).where(VideoLabel.video_id == video.id)).all()
    for link in present:
        session.delete(link)
        if link.label_id not in {row.id for row in rows}:
            log_after_commit(session, "label deleted", video=video.id, label=link.label_id)
    session.flush()
    for position, row in enumerate(rows):
        link = VideoLabel(video_id=saved_id(video), label_id=saved_id(row), position=position)
        session.add(link)
    session.flush()
    return rows


def change_list(
    session: Session, user: User, video: Video, labels: Sequence[LabelSpec]
) -> list[Label]:
    """Call ``write_list`` and log the step, so that open screens update.

    Undo skips such a step.
    """
    log.lock(session, video)
    before = label_part(session, video)
    rows = write_list(session, video, labels)
    after = label_part(session, video)
    if before != after:
        log.write_step(session, user, video, (before, after))
    return rows


def append(session: Session, video: Video, added: Sequence[LabelSpec]) -> None:
    """Append labels to the video's list, except those already in it.

    A label that is in the catalogue keeps its colour. Raises: as ``write_list``.
    """
    listed = list_labels(session, video)
    present = {same_name_key(label.name) for label in listed}
    specs: list[LabelSpec] = [(label.name, None) for label in listed]
    for name, color in added:
        if same_name_key(name) not in present:
            present.add(same_name_key(name))
            known = _find(session, name) is not None
            specs.append((name, None if known else color))
    if len(specs) > len(listed):
        write_list(session, video, specs)


def label_part(session: Session, video: Video) -> Part:
    """Returns the list as a part of a log entry."""
    return {"labels": [[label.name, label.color] for label in list_labels(session, video)]}


def _clean_labels(labels: Sequence[LabelSpec], listed: Collection[str]) -> list[LabelSpec]:
    """Check the names that are new. Those ``listed`` already may be older than the rules."""
    if len(labels) > MAX_LABELS:
        raise InvalidInput(f"A video has at most {MAX_LABELS} labels.", "labels")
    specs: list[LabelSpec] = []
    names: set[str] = set()
    keys: set[str] = set()
    keys_of_new: set[str] = set()
    for position, (name, color) in enumerate(labels):
        field = f"labels[{position}]"
        clean, is_new = normalised(name), normalised(name) not in listed
        if is_new:
            clean = clean_label_name(name, f"{field}.name")
        key = same_name_key(clean)
        if clean in names or key in (keys if is_new else keys_of_new):
            raise InvalidInput(f"The label {clean!r} is there twice.", f"{field}.name")
        names.add(clean)
        keys.add(key)
        if is_new:
            keys_of_new.add(key)
        specs.append((clean, clean_color(color, f"{field}.color") if color else None))
    return specs


def _save_in_catalogue(session: Session, name: str, color: str | None) -> Label:
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
    """Returns the label of this name, or the oldest one whose name reads the same."""
    query = (
        select(Label)
        .where(Label.name_key == same_name_key(name))
        .order_by(col(Label.name) != name, col(Label.id))
    )
    return session.exec(query).first()


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
