"""Tables and columns under the field's standard terms."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0003"
branch_labels = None
depends_on = None

COLUMNS = (
    ("labeling_times", "seen_at", "last_seen_at"),
    ("derived_segments", "reach", "requested_stop"),
    ("training_sets", "choice", "spec"),
)


def upgrade() -> None:
    for table, old, new in COLUMNS:
        _rename_column(table, old, new)
    _move_sessions("sign_ins", "auth_sessions")


def downgrade() -> None:
    _move_sessions("auth_sessions", "sign_ins")
    for table, old, new in COLUMNS:
        _rename_column(table, new, old)


def _rename_column(table: str, old: str, new: str) -> None:
    # Alembic would copy the whole table on SQLite, which has renamed columns in place since 3.25.
    op.execute(f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}")


def _move_sessions(old: str, new: str) -> None:
    """A table of its own, since constraints and indexes are named after their table."""
    op.create_table(
        new,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f(f"fk_{new}_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{new}")),
        sa.UniqueConstraint("token_hash", name=op.f(f"uq_{new}_token_hash")),
    )
    op.create_index(op.f(f"ix_{new}_user_id"), new, ["user_id"])
    names = ("user_id", "token_hash", "created_at", "expires_at")
    rows = sa.select(*sa.table(old, *map(sa.column, names)).c)
    op.execute(sa.insert(sa.table(new, *map(sa.column, names))).from_select(names, rows))
    op.drop_table(old)
