"""Migrations make exactly the tables that ``models`` describes, and keep a copy first."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text
from sqlmodel import Session, SQLModel, select

from tpod_core import migrations
from tpod_core.annotations.document import KeyframeDoc
from tpod_core.db import make_engine
from tpod_core.errors import CannotStart
from tpod_core.geometry import Box
from tpod_core.migrations import revisions, upgrade
from tpod_core.models import (
    AuthSession,
    DerivedSegment,
    Detector,
    Finding,
    FpsSource,
    Job,
    Keyframe,
    Label,
    Track,
    Video,
)
from tpod_core.names import comparison_key
from tpod_core.propagation.gaps import Gap

NOW = "2026-01-01 00:00:00"
FIRST_RELEASE_ROWS = (
    "INSERT INTO users (id, username, username_key, password_hash, role, active, created_at)"
    f" VALUES (1, 'ann', 'ann', 'x', 'admin', 1, '{NOW}')",
    "INSERT INTO videos (id, owner_id, name, state, message, filename, size_bytes, sha256, width,"
    " height, fps, frame_count, duration_s, codec, warnings, source_key, playback_key, revision,"
    " created_at) VALUES (1, 1, 'Kitchen', 'ready', '', 'k.mp4', 1, 'x', 640, 360, 10, 100, 10,"
    f" 'h264', '[]', 'k', 'k', 7, '{NOW}')",
    f"INSERT INTO labels (id, name, color, created_at) VALUES (1, 'cup', '#ff0000', '{NOW}')",
    f"INSERT INTO tracks (id, video_id, label_id, created_at) VALUES (1, 1, 1, '{NOW}')",
    *(
        "INSERT INTO keyframes (video_id, track_id, frame_index, x1, y1, x2, y2, outside, occluded,"
        f" source, created_at) VALUES (1, 1, {frame}, 1, 2, 30, 40, 0, 0, 'manual', '{NOW}')"
        for frame in (3, 9)
    ),
    "INSERT INTO sign_ins (user_id, token_hash, created_at, expires_at)"
    f" VALUES (1, 'hash', '{NOW}', '{NOW}')",
)
"""A labelled video and a browser's session as the first release stored them."""


def upgrade_to(engine: Engine, revision: str) -> None:
    _move(engine, command.upgrade, revision)


def downgrade_to(engine: Engine, revision: str) -> None:
    _move(engine, command.downgrade, revision)


def _move(engine: Engine, move: Callable[[Config, str], None], revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        move(config, revision)


def test_migrated_database_is_what_the_models_say(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/new.sqlite3")
    upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_upgrade_twice_changes_nothing(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/new.sqlite3")
    upgrade(engine)
    before = sorted(p.name for p in tmp_path.iterdir())
    upgrade(engine)
    assert sorted(p.name for p in tmp_path.iterdir()) == before
    current, newest = revisions(engine)
    assert current == newest


def test_upgrade_copies_an_older_database_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/old.sqlite3")
    upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO process_locks VALUES ('kept', 'me', 0)"))
    # As if a newer program had just been installed.
    monkeypatch.setattr("tpod_core.migrations.revisions", lambda engine: ("0001", "9999"))
    upgrade(engine)
    with closing(sqlite3.connect(tmp_path / "old.before-0001.sqlite3")) as copy:
        assert copy.execute("SELECT name FROM process_locks").fetchall() == [("kept",)]


def test_database_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/newer.sqlite3")
    upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'f00d'"))
    with pytest.raises(CannotStart, match="does not know"):
        upgrade(engine)


def test_upgrade_from_the_first_release_keeps_every_row(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/old.sqlite3")
    upgrade_to(engine, "0001")
    with engine.begin() as connection:
        for statement in FIRST_RELEASE_ROWS:
            connection.execute(text(statement))
    upgrade(engine)
    with Session(engine) as session:
        (video,) = session.exec(select(Video)).all()
        (track,) = session.exec(select(Track)).all()
        frames = session.exec(select(Keyframe.frame_index)).all()
        (signed_in,) = session.exec(select(AuthSession)).all()
    assert (video.name, video.revision, video.held_out) == ("Kitchen", 7, False)
    assert (track.proposed, track.score, track.linear) == (False, None, False)
    assert frames == [3, 9]
    assert (signed_in.user_id, signed_in.token_hash) == (1, "hash")


def old_job(job_id: int, kind: str, subject: str, request: str = "{}") -> str:
    """A job as the release before columns stored it: it says what it is about in text."""
    return (
        "INSERT INTO jobs (id, kind, queue, subject, owner_id, request, result, state, attempt,"
        " faults, progress, message, cancel_requested, worker, log_key, created_at) VALUES"
        f" ({job_id}, '{kind}', 'default', '{subject}', 1, '{request}', '{{}}', 'succeeded', 1, 2,"
        f" 0, '', 0, '', '', '{NOW}')"
    )


OLD_JOBS = (
    "INSERT INTO detectors (id, owner_id, name, dnn_type, state, message, progress, epoch, epochs,"
    " labels, metrics, train_config, created_at) VALUES (3, 1, 'Cups', 'yolo26n', 'trained', '', 1,"
    f" 1, 1, '[]', '{{}}', '{{}}', '{NOW}')",
    "INSERT INTO training_sets (id, owner_id, name, state, message, choice, content_hash,"
    " statistics, warnings, directory_key, created_at) VALUES (2, 1, 'Set', 'ready', '', '{}', 'x',"
    f" '{{}}', '[]', 'training_sets/2', '{NOW}')",
    old_job(1, "import-video", "video:1"),
    old_job(2, "import-video", "video:9"),
    old_job(3, "build-training-set", "training_set:2"),
    old_job(4, "train-detector", "detector:3"),
    old_job(5, "review-video", "detector:3", '{"video_id": 1, "stride": 2}'),
    old_job(6, "annotate-video", "video:1", '{"detector_id": 3, "labels": []}'),
    old_job(7, "prelabel-video", "video:1", '{"detector_id": 8, "labels": []}'),
    old_job(8, "load-demo", "user:1"),
    old_job(9, "load-demo", "user:1"),
    "DELETE FROM jobs WHERE id = 9",
)


@pytest.fixture
def with_old_jobs(tmp_path: Path) -> Engine:
    engine = make_engine(f"sqlite:///{tmp_path}/old.sqlite3")
    upgrade_to(engine, "0003")
    with engine.begin() as connection:
        for statement in (*FIRST_RELEASE_ROWS, *OLD_JOBS):
            connection.exec_driver_sql(statement)
    return engine


def test_jobs_name_what_is_still_there_of_the_rows_that_they_were_about(
    with_old_jobs: Engine,
) -> None:
    upgrade(with_old_jobs)
    with Session(with_old_jobs) as session:
        jobs = {job.id: job for job in session.exec(select(Job))}
    named = {n: (job.video_id, job.training_set_id, job.detector_id) for n, job in jobs.items()}
    assert named == {
        1: (1, None, None),
        2: (None, None, None),
        3: (None, 2, None),
        4: (None, None, 3),
        5: (1, None, 3),
        6: (1, None, 3),
        7: (1, None, None),
        8: (None, None, None),
    }
    assert [jobs[n].subject for n in (1, 2, 5, 8)] == [
        "video:1",
        "video:deleted",
        "detector:3",
        "user:1",
    ]
    assert (jobs[5].request, jobs[6].request) == ({"stride": 2}, {"labels": []})
    assert jobs[6].result == {"file": "videos/1/annotated-3-6.mp4"}
    assert jobs[1].failed_attempts == 2


def test_jobs_that_were_deleted_before_an_upgrade_keep_their_ids(with_old_jobs: Engine) -> None:
    upgrade(with_old_jobs)
    with Session(with_old_jobs) as session:
        session.add(job := Job(kind="load-demo", queue="default", owner_id=1))
        session.commit()
        assert job.id == 10


def test_downgrade_writes_the_text_again(with_old_jobs: Engine) -> None:
    query = text("SELECT id, subject, request, faults FROM jobs ORDER BY id")
    with with_old_jobs.connect() as connection:
        before = connection.execute(query).all()
    upgrade(with_old_jobs)
    downgrade_to(with_old_jobs, "0003")
    with with_old_jobs.connect() as connection:
        after = connection.execute(query).all()
    gone = {2: "video:0"}
    assert [row.subject for row in after] == [gone.get(row.id, row.subject) for row in before]
    assert [row.faults for row in after] == [2] * len(before)
    assert '"detector_id": 3' in after[5].request


OLD_FINDINGS = (
    *(
        "INSERT INTO findings (id, detector_id, video_id, frame_index, label, score, x1, y1, x2,"
        " y2, frames, verdict, author_id, created_at) VALUES"
        f" ({row_id}, 3, 1, 20, 'cup', 0.5, 1, 2, 30, 40, 4, '{verdict}', {author}, '{NOW}')"
        for row_id, verdict, author in ((4, "negative", 1), (7, "open", "NULL"))
    ),
)


@pytest.fixture
def with_old_findings(with_old_jobs: Engine) -> Engine:
    upgrade_to(with_old_jobs, "0005")
    with with_old_jobs.begin() as connection:
        for statement in OLD_FINDINGS:
            connection.exec_driver_sql(statement)
    return with_old_jobs


def test_upgrade_keeps_findings_whose_detector_can_now_be_deleted(
    with_old_findings: Engine,
) -> None:
    upgrade(with_old_findings)
    with Session(with_old_findings) as session:
        before = [row.model_dump() for row in session.exec(select(Finding).order_by(Finding.id))]  # type: ignore[arg-type]
        session.delete(session.get_one(Detector, 3))
        session.commit()
        after = [row.model_dump() for row in session.exec(select(Finding).order_by(Finding.id))]  # type: ignore[arg-type]
    assert [(row["id"], row["verdict"], row["author_id"]) for row in before] == [
        (4, "negative", 1),
        (7, "open", None),
    ]
    assert before[0] | {"created_at": None} == {
        "id": 4,
        "detector_id": 3,
        "video_id": 1,
        "frame_index": 20,
        "label": "cup",
        "score": 0.5,
        "x1": 1,
        "y1": 2,
        "x2": 30,
        "y2": 40,
        "frames": 4,
        "verdict": "negative",
        "author_id": 1,
        "created_at": None,
        "decided_at": None,
    }
    assert after == [row | {"detector_id": None} for row in before]


def test_downgrade_keeps_the_findings_of_detectors_that_are_there(
    with_old_findings: Engine,
) -> None:
    upgrade(with_old_findings)
    with with_old_findings.begin() as connection:
        connection.execute(text("UPDATE findings SET detector_id = NULL WHERE id = 7"))
    downgrade_to(with_old_findings, "0005")
    with with_old_findings.begin() as connection:
        kept = connection.execute(text("SELECT id, detector_id, verdict FROM findings")).all()
        connection.execute(text("DELETE FROM detectors"))
        left = connection.execute(text("SELECT id FROM findings")).all()
    assert kept == [(4, 3, "negative")]
    assert left == []


def test_derived_boxes_are_found_after_an_upgrade(with_old_findings: Engine) -> None:
    left, right = (KeyframeDoc(frame, Box(1, 2, 30, 40)) for frame in (0, 10))
    before = Gap(left, right, 10, 0)
    with with_old_findings.begin() as connection:
        connection.exec_driver_sql("UPDATE videos SET sha256 = 'f00d' WHERE id = 1")
        connection.exec_driver_sql(
            "INSERT INTO derived_segments (video_id, start, stop, requested_stop, fingerprint,"
            " context, payload, created_at)"
            f" VALUES (1, 0, 10, 10, '{before.ends_digest}', '', x'00', '{NOW}')"
        )
    upgrade(with_old_findings)
    with Session(with_old_findings) as session:
        (name,) = session.exec(select(DerivedSegment.fingerprint))
    assert name == replace(before, file_sha256="f00d").fingerprint
    downgrade_to(with_old_findings, "0006")
    with Session(with_old_findings) as session:
        assert session.exec(select(DerivedSegment.fingerprint)).all() == []


def test_upgrade_calls_the_rate_of_files_without_times_a_guess(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/old.sqlite3")
    upgrade_to(engine, "0007")
    no_time = "The video was rewritten frame for frame, because its frames carry no time."
    old = {
        "plain.mp4": ("[]", 30, 60),
        "raw.dat": (f'["{no_time}"]', 25, 50),
        "RAW.H264": ("[]", 24, 48),
        "photo.mp4": ("[]", 0, 1),
        "uploading.mp4": ("[]", 0, 0),
    }
    with engine.begin() as connection:
        connection.execute(text(FIRST_RELEASE_ROWS[0]))
        for filename, (warnings, fps, frames) in old.items():
            connection.exec_driver_sql(
                "INSERT INTO videos (owner_id, name, state, message, filename, size_bytes, sha256,"
                " width, height, fps, frame_count, duration_s, codec, warnings, source_key,"
                " playback_key, revision, boxes_revision, held_out, created_at) VALUES (1, 'v',"
                f" 'ready', '', '{filename}', 1, 'x', 64, 48, {fps}, {frames}, 2, 'h264',"
                f" '{warnings}', 'k', 'k', 0, 0, 0, '{NOW}')"
            )
    upgrade(engine)
    with Session(engine) as session:
        rows = {row.filename: row for row in session.exec(select(Video))}
    assert {name: (row.fps_source, row.fps) for name, row in rows.items()} == {
        "plain.mp4": (FpsSource.FILE, 30),
        "raw.dat": (FpsSource.GUESSED, 25),
        "RAW.H264": (FpsSource.GUESSED, 24),
        "photo.mp4": (FpsSource.GUESSED, 25),
        "uploading.mp4": (FpsSource.FILE, 0),
    }
    assert (rows["photo.mp4"].duration_s, rows["plain.mp4"].duration_s) == (0.04, 2)


def test_every_foreign_key_has_an_index(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/new.sqlite3")
    upgrade(engine)
    seen = inspect(engine)
    for table in seen.get_table_names():
        leading = {tuple(index["column_names"])[:1] for index in seen.get_indexes(table)}
        for key in seen.get_foreign_keys(table):
            assert tuple(key["constrained_columns"]) in leading, f"{table}: {key}"


def test_keys_of_user_names_compare_by_nfkc_after_an_upgrade(tmp_path: Path) -> None:
    names = ["ann", "Ａnn", "ＢＯＢ", "Ann Miller"]  # the second reads as the first does
    engine = make_engine(f"sqlite:///{tmp_path}/old.sqlite3")
    upgrade_to(engine, "0007")
    with engine.begin() as connection:
        for number, name in enumerate(names, 1):
            connection.execute(
                text(
                    "INSERT INTO users (id, username, username_key, password_hash, role, active,"
                    f" created_at) VALUES ({number}, :name, :key, 'x', 'user', 1, '{NOW}')"
                ),
                {"name": name, "key": name.casefold()},
            )
    upgrade(engine)
    with engine.begin() as connection:
        found = connection.execute(text("SELECT username, username_key FROM users ORDER BY id"))
        assert dict(found.all()) == {
            "ann": "ann",
            "Ａnn": "ａnn",
            "ＢＯＢ": "bob",
            "Ann Miller": "ann miller",
        }


def test_labels_have_the_keys_of_their_names_after_an_upgrade(tmp_path: Path) -> None:
    names = ["cup", "CUP", "Ａ\u200dB", "👩\u200d🚀 cup", "🏴\U000e0067\U000e007f", "\u3164x\ufe0f"]
    engine = make_engine(f"sqlite:///{tmp_path}/old.sqlite3")
    upgrade_to(engine, "0008")
    with engine.begin() as connection:
        for name in names:
            connection.execute(
                text(f"INSERT INTO labels (name, color, created_at) VALUES (:name, '#0', '{NOW}')"),
                {"name": name},
            )
    upgrade(engine)
    with Session(engine) as session:
        keys = {label.name: label.name_key for label in session.exec(select(Label))}
    assert keys == {name: comparison_key(name) for name in names}
