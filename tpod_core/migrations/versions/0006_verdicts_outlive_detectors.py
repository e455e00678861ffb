"""Verdicts stay when the detector that they were given on is deleted, and know their time."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_KEY = "fk_findings_detector_id_detectors"


def upgrade() -> None:
    _refer_to_detectors(nullable=True, on_delete="SET NULL")
    op.add_column("findings", sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("findings", "decided_at")
    op.execute("DELETE FROM findings WHERE detector_id IS NULL")
    _refer_to_detectors(nullable=False, on_delete="CASCADE")


def _refer_to_detectors(*, nullable: bool, on_delete: str) -> None:
    # SQLite makes the table anew, which loses no row: no other table refers to it.
    with op.batch_alter_table("findings") as batch_op:
        batch_op.alter_column("detector_id", existing_type=sa.Integer(), nullable=nullable)
        batch_op.drop_constraint(batch_op.f(_KEY), type_="foreignkey")
        batch_op.create_foreign_key(
            batch_op.f(_KEY), "detectors", ["detector_id"], ["id"], ondelete=on_delete
        )
