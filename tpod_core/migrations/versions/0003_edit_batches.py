"""Requests done once, names of tracks without a row, steps of labels, revisions of boxes."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "videos", sa.Column("boxes_revision", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column(
        "edits", sa.Column("undoable", sa.Boolean(), server_default=sa.true(), nullable=False)
    )
    op.create_table(
        "edit_batches",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("video_id", sa.Integer(), nullable=False),
        sa.Column("batch", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"],
            ["users.id"],
            name=op.f("fk_edit_batches_author_id_users"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["video_id"],
            ["videos.id"],
            name=op.f("fk_edit_batches_video_id_videos"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edit_batches")),
        sa.UniqueConstraint("video_id", "batch", name=op.f("uq_edit_batches_video_id_batch")),
    )
    op.create_index(op.f("ix_edit_batches_author_id"), "edit_batches", ["author_id"])
    op.create_index(op.f("ix_edit_batches_video_id"), "edit_batches", ["video_id"])
    op.create_table(
        "track_names",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("video_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=70), nullable=False),
        sa.Column("track_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["video_id"],
            ["videos.id"],
            name=op.f("fk_track_names_video_id_videos"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_track_names")),
        sa.UniqueConstraint("video_id", "name", name=op.f("uq_track_names_video_id_name")),
    )
    op.create_index(op.f("ix_track_names_video_id"), "track_names", ["video_id"])


def downgrade() -> None:
    op.drop_table("track_names")
    op.drop_table("edit_batches")
    op.drop_column("edits", "undoable")
    op.drop_column("videos", "boxes_revision")
