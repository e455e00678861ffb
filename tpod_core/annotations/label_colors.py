"""The colours of classes, the same on every screen."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from tpod_core.annotations.palette import color_at
from tpod_core.models import Label


def label_colors(session: Session, classes: Sequence[str]) -> dict[str, str]:
    """Returns the colour of each class by name: the label's own, or one from the palette."""
    query = select(Label.name, Label.color).where(col(Label.name).in_(classes))
    known = dict(session.exec(query).all())
    return {name: known.get(name, color_at(class_id)) for class_id, name in enumerate(classes)}
