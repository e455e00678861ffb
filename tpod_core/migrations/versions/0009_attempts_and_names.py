"""Attempts are counted in the database, clients are known, names compare as they read."""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None
_MAX_KEY_LENGTH = 150
_INVISIBLE_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0")


def upgrade() -> None:
    op.create_table(
        "attempts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
    )
    op.create_index("ix_attempts_key_made_at", "attempts", ["key", "made_at"])
    op.create_index(op.f("ix_attempts_expires_at"), "attempts", ["expires_at"])
    op.create_table(
        "known_clients",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_known_clients_user_id_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_clients")),
        sa.UniqueConstraint("user_id", "key", name=op.f("uq_known_clients_user_id_key")),
    )
    op.create_index(op.f("ix_known_clients_user_id"), "known_clients", ["user_id"])
    _compare_names_by_nfkc()
    _compare_labels()


def _compare_names_by_nfkc() -> None:
    """Rename the keys of names, except to one that another account has."""
    connection = op.get_bind()
    rows = connection.execute(sa.text("SELECT id, username_key FROM users ORDER BY id")).all()
    taken = {key for _, key in rows}
    for row_id, key in rows:
        new = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", key).casefold())
        if new not in taken and len(new) <= _MAX_KEY_LENGTH:
            taken.add(new)
            connection.execute(
                sa.text("UPDATE users SET username_key = :new WHERE id = :row"),
                {"new": new, "row": row_id},
            )


def _compare_labels() -> None:
    op.add_column("labels", sa.Column("name_key", sa.String(), nullable=False, server_default=""))
    op.create_index(op.f("ix_labels_name_key"), "labels", ["name_key"])
    connection = op.get_bind()
    for row_id, name in connection.execute(sa.text("SELECT id, name FROM labels")).all():
        connection.execute(
            sa.text("UPDATE labels SET name_key = :key WHERE id = :row"),
            {"key": _key_of_label(name), "row": row_id},
        )


def _key_of_label(name: str) -> str:
    """As ``names.comparison_key`` was when this was written."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return "".join(each for each in folded if not _is_invisible(each)).strip()


def _is_invisible(character: str) -> bool:
    is_selector = "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"
    is_tag = "\U000e0020" <= character <= "\U000e007f"
    is_format = unicodedata.category(character) == "Cf" and not is_tag
    return is_selector or is_format or character in _INVISIBLE_LETTERS


def downgrade() -> None:
    op.drop_index(op.f("ix_labels_name_key"), "labels")
    op.drop_column("labels", "name_key")
    op.drop_table("known_clients")
    op.drop_table("attempts")
