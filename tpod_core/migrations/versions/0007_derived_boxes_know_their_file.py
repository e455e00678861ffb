"""The fingerprints of derived boxes include the hash of the video's file."""

from hashlib import sha256

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    rows = connection.execute(
        sa.text(
            "SELECT derived_segments.id, fingerprint, sha256 FROM derived_segments"
            " JOIN videos ON videos.id = video_id"
        )
    )
    renamed = [
        {"row": row_id, "name": sha256((file_sha256 + fingerprint).encode()).hexdigest()}
        for row_id, fingerprint, file_sha256 in rows
    ]
    if renamed:
        connection.execute(
            sa.text("UPDATE derived_segments SET fingerprint = :name WHERE id = :row"), renamed
        )


def downgrade() -> None:
    # A hash has no way back. The boxes are derived again.
    op.execute("DELETE FROM derived_segments")
