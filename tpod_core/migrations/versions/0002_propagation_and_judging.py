"""Derived boxes, proposed tracks, held-out videos, the time spent, findings, jobs' requests."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Adding columns alters the table in place; SQLite would lose the rows that hang on a
    # table which is made anew.
    op.add_column(
        "tracks", sa.Column("proposed", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("tracks", sa.Column("score", sa.Float(), nullable=True))
    op.add_column(
        "tracks", sa.Column("linear", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column(
        "videos", sa.Column("held_out", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    for table, name in (("jobs", "request"), ("jobs", "result"), ("artifacts", "agreement")):
        op.add_column(
            table, sa.Column(name, sa.JSON(), server_default=sa.text("'{}'"), nullable=False)
        )
    op.add_column("detectors", sa.Column("seconds_left", sa.Float(), nullable=True))
    op.create_table(
        "labeling_times",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("video_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_labeling_times_user_id_users"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["video_id"],
            ["videos.id"],
            name=op.f("fk_labeling_times_video_id_videos"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_labeling_times")),
        sa.UniqueConstraint("video_id", "user_id", name=op.f("uq_labeling_times_video_id_user_id")),
    )
    with op.batch_alter_table("labeling_times", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_labeling_times_user_id"), ["user_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_labeling_times_video_id"), ["video_id"], unique=False)

    op.create_table(
        "derived_segments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("video_id", sa.Integer(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("stop", sa.Integer(), nullable=False),
        sa.Column("reach", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("context", sa.String(length=64), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["video_id"],
            ["videos.id"],
            name=op.f("fk_derived_segments_video_id_videos"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_derived_segments")),
        sa.UniqueConstraint(
            "video_id", "fingerprint", name=op.f("uq_derived_segments_video_id_fingerprint")
        ),
    )
    with op.batch_alter_table("derived_segments", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_derived_segments_video_id"), ["video_id"], unique=False
        )

    op.create_table(
        "findings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("detector_id", sa.Integer(), nullable=False),
        sa.Column("video_id", sa.Integer(), nullable=False),
        sa.Column("frame_index", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("x1", sa.Float(), nullable=False),
        sa.Column("y1", sa.Float(), nullable=False),
        sa.Column("x2", sa.Float(), nullable=False),
        sa.Column("y2", sa.Float(), nullable=False),
        sa.Column("frames", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(length=32), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"],
            ["users.id"],
            name=op.f("fk_findings_author_id_users"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["detector_id"],
            ["detectors.id"],
            name=op.f("fk_findings_detector_id_detectors"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["video_id"],
            ["videos.id"],
            name=op.f("fk_findings_video_id_videos"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_findings")),
    )
    with op.batch_alter_table("findings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_findings_author_id"), ["author_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_findings_detector_id"), ["detector_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_findings_video_id"), ["video_id"], unique=False)
        batch_op.create_index(
            "ix_findings_video_id_frame_index", ["video_id", "frame_index"], unique=False
        )


def downgrade() -> None:
    for table in ("findings", "labeling_times", "derived_segments"):
        op.drop_table(table)
    op.drop_column("detectors", "seconds_left")
    op.drop_column("artifacts", "agreement")
    op.drop_column("jobs", "result")
    op.drop_column("jobs", "request")
    op.drop_column("videos", "held_out")
    op.drop_column("tracks", "linear")
    op.drop_column("tracks", "score")
    op.drop_column("tracks", "proposed")
