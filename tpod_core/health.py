"""Whether the database, the queue and the storage do their part, each told apart."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from sqlmodel import select

from tpod_core.db import read_session
from tpod_core.errors import TpodError, Unavailable
from tpod_core.log import get_logger
from tpod_core.models import ProcessLock
from tpod_core.queue import get_queue
from tpod_core.storage import get_storage, require_writable

_log = get_logger(__name__)


class HealthState(StrEnum):
    """``LOW`` still works, but somebody should act."""

    OK = "ok"
    LOW = "low"
    FAILED = "failed"


@dataclass(frozen=True)
class Dependency:
    """The state of one dependency and a sentence on it; ``name`` is the API's word for it."""

    name: str
    state: HealthState
    message: str


def check_dependencies() -> tuple[Dependency, ...]:
    """Try the database, the queue and the storage, the last two with a small write.

    A slow dependency takes as long as its own timeout.
    """
    return (
        _checked("database", _read_database, "The database answers."),
        _checked("queue", lambda: get_queue().ping(), "The job queue accepts jobs."),
        _check_storage(),
    )


def nearly_full_sentence() -> str:
    """Returns what to do about a disk with less room than ``TPOD_MIN_FREE_BYTES``; else "".

    An unreadable disk counts as having room: its own errors say what is wrong.
    """
    storage = get_storage()
    try:
        has_room = storage.free_bytes() > 0
    except OSError:
        return ""
    if has_room:
        return ""
    return (
        f"The disk of the data directory {storage.root} is nearly full, so uploads and jobs are "
        "refused. Delete videos, training sets or detectors that nobody needs, or ask your "
        "administrator for space."
    )


class QueueWatch:
    """Remembers for the screens whether the queue works, and logs each change once.

    Two failures in a row count, because the embedded server takes a moment to start.
    """

    def __init__(self) -> None:
        self.message = ""
        self._failures = 0

    def check(self) -> None:
        """Try the queue; takes as long as its timeout if nothing answers."""
        try:
            get_queue().ping()
        except Unavailable as error:
            self._failures += 1
            if self._failures > 1 and self.message != error.message:
                self.message = error.message
                _log.error("%s", error.message)
            return
        if self.message:
            _log.info("The job queue accepts jobs again.")
        self._failures, self.message = 0, ""


queue_watch = QueueWatch()
"""This process's own, which its reconciler keeps up to date."""


def _read_database() -> None:
    with read_session() as session:
        session.exec(select(ProcessLock.name).limit(1)).first()


def _check_storage() -> Dependency:
    found = _checked("storage", _write_file, "The data directory accepts files.")
    low = nearly_full_sentence()
    if found.state is HealthState.OK and low:
        return Dependency(found.name, HealthState.LOW, low)
    return found


def _write_file() -> None:
    root = get_storage().root
    try:
        require_writable(root)
    except OSError as error:
        raise Unavailable(
            f"The data directory {root} cannot be written ({error.strerror}). "
            "Make it writable for the user that runs TPOD."
        ) from error


def _checked(name: str, check: Callable[[], None], sentence: str) -> Dependency:
    try:
        check()
    except TpodError as error:
        return Dependency(name, HealthState.FAILED, error.message)
    return Dependency(name, HealthState.OK, sentence)
