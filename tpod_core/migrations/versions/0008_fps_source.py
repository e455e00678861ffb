"""Videos know whether their file says when its frames are shown, or the rate is a guess."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_GUESSED_FPS = 25
_NO_TIME_WARNING = "%its frames carry no time%"
_BARE_STREAMS = ("h264", "264", "hevc", "h265", "265", "m2v", "mjpeg", "mjpg")


def upgrade() -> None:
    op.add_column(
        "videos",
        sa.Column("fps_source", sa.String(length=32), nullable=False, server_default="file"),
    )
    videos = sa.table(
        "videos",
        *map(sa.column, ("filename", "warnings", "fps", "fps_source", "frame_count", "duration_s")),
    )
    guessed = sa.update(videos).values(fps_source="guessed")
    suffix = sa.func.lower(videos.c.filename)
    op.execute(
        guessed.where(
            sa.cast(videos.c.warnings, sa.Text).like(_NO_TIME_WARNING)
            | sa.or_(*(suffix.like(f"%.{name}") for name in _BARE_STREAMS))
        )
    )
    # Videos of one frame had no rate.
    has_no_rate = (videos.c.fps == 0) & (videos.c.frame_count > 0)
    duration_s = videos.c.frame_count * 1.0 / _GUESSED_FPS
    op.execute(guessed.values(fps=_GUESSED_FPS, duration_s=duration_s).where(has_no_rate))


def downgrade() -> None:
    op.drop_column("videos", "fps_source")
