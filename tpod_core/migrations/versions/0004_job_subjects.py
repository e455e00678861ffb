"""Jobs name the rows that they work on in columns; what a deleted row's jobs left; clear names."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TABLES = {"video": "videos", "training_set": "training_sets", "detector": "detectors"}
_SECOND = {
    "prelabel-video": "detector",
    "annotate-video": "detector",
    "review-video": "video",
}
"""What jobs of these kinds name beside their subject; its id stood in their request."""

_jobs = sa.table(
    "jobs",
    sa.column("id", sa.Integer),
    sa.column("kind", sa.String),
    sa.column("subject", sa.String),
    sa.column("owner_id", sa.Integer),
    sa.column("request", sa.JSON),
    sa.column("result", sa.JSON),
    *(sa.column(f"{noun}_id", sa.Integer) for noun in _TABLES),
)


def upgrade() -> None:
    with _changing_jobs() as batch_op:
        for noun in _TABLES:
            batch_op.add_column(sa.Column(f"{noun}_id", sa.Integer(), nullable=True))
        batch_op.add_column(
            sa.Column("leftover_key", sa.String(), server_default="", nullable=False)
        )
        batch_op.alter_column("faults", new_column_name="failed_attempts")
        for noun, table in _TABLES.items():
            batch_op.create_foreign_key(
                batch_op.f(f"fk_jobs_{noun}_id_{table}"),
                table,
                [f"{noun}_id"],
                ["id"],
                ondelete="SET NULL",
            )
            batch_op.create_index(batch_op.f(f"ix_jobs_{noun}_id"), [f"{noun}_id"])
    _write_columns()
    with _changing_jobs() as batch_op:
        batch_op.drop_index(batch_op.f("ix_jobs_subject"))
        batch_op.drop_column("subject")


def downgrade() -> None:
    with _changing_jobs() as batch_op:
        batch_op.add_column(
            sa.Column("subject", sa.String(length=64), server_default="", nullable=False)
        )
        batch_op.create_index(batch_op.f("ix_jobs_subject"), ["subject"])
    _write_subjects()
    with _changing_jobs() as batch_op:
        batch_op.alter_column("failed_attempts", new_column_name="faults")
        batch_op.drop_column("leftover_key")
        for noun, table in _TABLES.items():
            batch_op.drop_index(batch_op.f(f"ix_jobs_{noun}_id"))
            batch_op.drop_constraint(batch_op.f(f"fk_jobs_{noun}_id_{table}"), type_="foreignkey")
            batch_op.drop_column(f"{noun}_id")


@contextmanager
def _changing_jobs() -> Iterator[BatchOperations]:
    """A change of the table, for which SQLite makes it anew; no id is given out a second time."""
    connection = op.get_bind()
    is_sqlite = connection.dialect.name == "sqlite"
    newest = "SELECT seq FROM sqlite_sequence WHERE name = 'jobs'"
    last_id = connection.scalar(sa.text(newest)) if is_sqlite else None
    with op.batch_alter_table("jobs", table_kwargs={"sqlite_autoincrement": True}) as batch_op:
        yield batch_op
    if last_id is not None:
        connection.execute(sa.text("DELETE FROM sqlite_sequence WHERE name = 'jobs'"))
        connection.execute(
            sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES ('jobs', :last)"),
            {"last": last_id},
        )


def _write_columns() -> None:
    connection = op.get_bind()
    there: dict[str, set[int]] = {
        noun: set(connection.scalars(sa.select(sa.column("id")).select_from(sa.table(table))))
        for noun, table in _TABLES.items()
    }
    for job in connection.execute(sa.select(_jobs)).mappings().all():
        noun, _, number = job["subject"].partition(":")
        named = {noun: int(number)} if noun in _TABLES else {}
        request, second = dict(job["request"]), _SECOND.get(job["kind"])
        if second is not None and f"{second}_id" in request:
            named[second] = int(request.pop(f"{second}_id"))
        values: dict[str, Any] = {
            f"{noun}_id": row_id for noun, row_id in named.items() if row_id in there[noun]
        }
        if job["kind"] == "annotate-video" and {"video", "detector"} <= named.keys():
            # The copy was found again by the ids in its name.
            file = f"videos/{named['video']}/annotated-{named['detector']}-{job['id']}.mp4"
            values["result"] = {**job["result"], "file": file}
        _update(job, values | {"request": request})


def _write_subjects() -> None:
    nouns = {
        "build-training-set": "training_set",
        "load-demo": "user",
        **dict.fromkeys(
            ("train-detector", "export-model", "review-video", "measure-learning"), "detector"
        ),
    }
    for job in op.get_bind().execute(sa.select(_jobs)).mappings().all():
        noun = nouns.get(job["kind"], "video")
        row_id = job["owner_id"] if noun == "user" else job[f"{noun}_id"]
        request, second = dict(job["request"]), _SECOND.get(job["kind"])
        if second is not None:
            request[f"{second}_id"] = job[f"{second}_id"] or 0
        _update(job, {"subject": f"{noun}:{row_id or 0}", "request": request})


def _update(job: sa.RowMapping, values: dict[str, Any]) -> None:
    op.get_bind().execute(sa.update(_jobs).where(_jobs.c.id == job["id"]).values(values))
