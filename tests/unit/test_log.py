"""The log: a line for each record, whose it was, and nothing that a stranger could forge."""

import io
import logging
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import pytest

from tests.live import REPO
from tests.redis_server import wait_until
from tpod_core import log_lines
from tpod_core.errors import Unavailable
from tpod_core.log_context import RequestContext, safe, set_user, within_request
from tpod_core.log_lines import LineFormatter, SummingHandler

AWAY = "The database cannot be reached right now."


class Log:
    """A logger of its own and the lines that it has written."""

    def __init__(self) -> None:
        self._stream = io.StringIO()
        self.handler = SummingHandler(self._stream)
        self.handler.setFormatter(LineFormatter())
        self.logger = logging.Logger("tpod.test")
        self.logger.addHandler(self.handler)

    @property
    def lines(self) -> list[str]:
        return self._stream.getvalue().splitlines()

    @property
    def messages(self) -> list[str]:
        """The lines without time, level, logger and process."""
        return [re.sub(r"^.* tpod\.test \[\d+\] ", "", line) for line in self.lines]


@pytest.fixture
def log() -> Iterator[Log]:
    log = Log()
    yield log
    log.handler.close()


def raised(error: Exception) -> Exception:
    try:
        raise error
    except type(error) as caught:
        return caught


def test_line_has_time_level_logger_and_process(log: Log) -> None:
    log.logger.info("hello")
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} INFO tpod\.test \[\d+\] hello", *log.lines
    )


def test_line_within_a_request_names_its_id_address_user_and_path(log: Log) -> None:
    with within_request(RequestContext("r-1", "10.0.0.7", "GET /videos")):
        set_user("ann")
        log.logger.info("hello")
    log.logger.info("bye")
    assert log.messages == [
        '[request=r-1 address=10.0.0.7 user=ann at="GET /videos"] hello',
        "bye",
    ]


def test_user_who_is_found_in_a_thread_of_the_request_is_named(log: Log) -> None:
    with within_request(RequestContext("r-1", "::1")), ThreadPoolExecutor() as pool:
        pool.submit(copy_context().run, set_user, "ann").result()
        log.logger.info("hello")
    assert log.messages == ["[request=r-1 address=::1 user=ann] hello"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("ann", "ann"),
        ("größer", "größer"),
        ("ann user=root", '"ann user=root"'),
        ('a" user="root', '"a\\" user=\\"root"'),
        ("ann\n2026-11-28 INFO signed in", '"ann�2026-11-28 INFO signed in"'),
        ("\x1b[2J\u202e", '"�[2J�"'),
        ("", '""'),
        ("x" * 500, '"' + "x" * 127 + '…"'),
    ],
    ids=["word", "word of any script", "space", "quote", "line", "control", "empty", "long"],
)
def test_text_of_a_stranger_is_one_short_field(text: str, line: str) -> None:
    assert safe(text) == line


def test_message_with_a_line_break_stays_one_line(log: Log) -> None:
    log.logger.info("GET /%s failed", "a\n2026-11-28 INFO forged")
    assert len(log.lines) == 1


def test_unexpected_error_has_its_traceback(log: Log) -> None:
    log.logger.error("it failed", exc_info=raised(ZeroDivisionError("by zero")))
    assert log.messages[0] == "it failed"
    assert log.lines[1].startswith("Traceback")
    assert log.lines[-1] == "ZeroDivisionError: by zero"


def test_expected_error_is_one_line_with_its_type_and_words(log: Log) -> None:
    log.logger.error("it failed", exc_info=raised(Unavailable(AWAY)))
    assert log.messages == [f"it failed: Unavailable: {AWAY}"]


def test_error_that_several_layers_log_is_logged_once(log: Log) -> None:
    error = raised(ZeroDivisionError("by zero"))
    log.logger.error("the service failed", exc_info=error)
    before = log.lines
    log.logger.error("the page failed", exc_info=error)
    assert log.lines == before


def test_repeated_errors_are_one_line_and_their_number(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_lines, "REPEAT_S", 0.2)
    for number in range(38):
        log.logger.error("request %d failed", number, extra={"kind": AWAY})
    assert log.messages == ["request 0 failed"]
    wait_until(lambda: len(log.lines) == 2)
    assert log.messages[1] == "request 0 failed (repeated 37 times in 0 s)"


def test_errors_of_two_kinds_are_both_written(log: Log) -> None:
    for kind in ("disk", "database", "disk"):
        log.logger.error("%s away", kind)
    assert log.messages == ["disk away", "database away"]


def test_number_is_written_when_the_program_ends(log: Log) -> None:
    for _ in range(3):
        log.logger.error("away")
    log.handler.close()
    assert log.messages == ["away", "away (repeated 2 times in 10 s)"]


def test_kinds_of_the_past_are_forgotten(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_lines, "REPEAT_S", 0.0)
    for number in range(1000):
        log.logger.error("job %d failed", number)
    assert len(log.lines) == 1000
    assert len(log.handler._repeated) <= 256


def test_events_are_never_summed_up(log: Log) -> None:
    for _ in range(3):
        log.logger.info("sign-in failed")
    assert log.messages == ["sign-in failed"] * 3


def test_counting_leaves_no_thread_behind_a_single_error(log: Log) -> None:
    before = threading.active_count()
    log.logger.error("away")
    assert threading.active_count() == before


PROGRAM = """
import logging
import sys
from pathlib import Path

from tpod_core.errors import Unavailable
from tpod_core.jobs.log_file import output_to
from tpod_core.log import get_logger, log_event, setup_logging

setup_logging("INFO")
library = logging.getLogger("streamlit.error_util")
library.addHandler(logging.StreamHandler())
for error in (Unavailable("The database is away."), ZeroDivisionError()):
    library.error("Uncaught app execution", exc_info=error)
    get_logger("pages").error("a page failed", exc_info=error)
with output_to(Path(sys.argv[1]), "--- job 1 ---"):
    log_event("job ended", job=1)
    get_logger("jobs").info("epoch 1")
"""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], str]:
    """The lines of a program's standard error, and the log of its job."""
    job_log = tmp_path_factory.mktemp("jobs") / "1.log"
    command = (sys.executable, "-c", PROGRAM, str(job_log))
    ended = subprocess.run(command, cwd=REPO, capture_output=True, text=True, check=True)
    return ended.stderr.splitlines(), job_log.read_text()


def test_error_that_a_library_reports_is_a_line_of_ours(
    written: tuple[list[str], str],
) -> None:
    lines, _ = written
    [away] = [line for line in lines if "database is away" in line]
    assert away.endswith("Uncaught app execution: Unavailable: The database is away.")
    assert [line for line in lines if "a page failed" in line] == []
    assert sum(line.startswith("ZeroDivisionError") for line in lines) == 1


SCRIPT_PROGRAM = """
from streamlit.testing.v1 import AppTest

from tpod_core.log import setup_logging

setup_logging("INFO")
script = "from tpod_core.errors import Unavailable; raise Unavailable('The database is away.')"
AppTest.from_string(script).run(timeout=60)
"""


@pytest.mark.slow
def test_screen_without_its_database_is_one_line() -> None:
    ended = subprocess.run(
        (sys.executable, "-c", SCRIPT_PROGRAM),
        cwd=REPO,
        capture_output=True,
        text=True,
        check=True,
    )
    printed = (ended.stdout + ended.stderr).splitlines()
    [line] = [line for line in printed if "database is away" in line]
    assert " ERROR streamlit.error_util " in line
    assert not [line for line in printed if "Traceback" in line]


def test_events_of_a_job_stand_in_the_log_of_its_worker(written: tuple[list[str], str]) -> None:
    lines, job_log = written
    assert lines[-1].endswith("job ended job=1")
    assert "job ended" not in job_log
    assert "epoch 1" in job_log
