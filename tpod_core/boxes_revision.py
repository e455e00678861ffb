"""The revision of a video's derived boxes, which open screens poll."""

from sqlalchemy import update
from sqlmodel import Session, col

from tpod_core.models import Video


def bump_boxes_revision(session: Session, video_id: int) -> None:
    """Record that a video's derived boxes changed, so that open screens fetch them."""
    session.execute(
        update(Video)
        .where(col(Video.id) == video_id)
        .values(boxes_revision=col(Video.boxes_revision) + 1)
        .execution_options(synchronize_session=False)
    )
