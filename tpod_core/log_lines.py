"""How records become lines of the log: one each, and repeated ones are summed up."""

import logging
import threading
import time
from collections.abc import Hashable
from dataclasses import dataclass
from typing import TextIO

from tpod_core.errors import TpodError
from tpod_core.log_context import current_request, one_line

REPEAT_S = 10.0
_MAX_ERROR_LENGTH = 300
_MAX_KINDS = 256
"""Kinds of records that are remembered before those of the past are forgotten."""

_LOGGED = "_tpod_logged"
_expected: list[type[BaseException]] = [TpodError]


def expect_errors(*kinds: type[BaseException]) -> None:
    """Have these errors logged without a traceback: their message says what is wrong."""
    _expected.extend(kinds)


class LineFormatter(logging.Formatter):
    """Time, level, logger, process, request and message; a traceback only of unexpected errors."""

    def format(self, record: logging.LogRecord) -> str:
        request = current_request()
        line = " ".join(
            [
                self.formatTime(record),
                record.levelname,
                record.name,
                f"[{record.process}]",
                *([f"[{request}]"] if request else []),
                message_of(record),
            ]
        )
        error = _error_of(record)
        if error is None or _is_expected(error):
            return line
        return f"{line}\n{self.formatException((type(error), error, error.__traceback__))}"


@dataclass
class _Repeated:
    """A record that was written, and how often it has come again before ``ends_at``."""

    record: logging.LogRecord
    ends_at: float
    count: int = 0


class SummingHandler(logging.StreamHandler[TextIO]):
    """Writes records to a stream, an error only once.

    A warning or an error that comes again within ``REPEAT_S`` is counted instead, and a line
    gives the number. Records with the same ``extra={"kind": …}`` count as the same one.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._repeated: dict[Hashable, _Repeated] = {}

    def emit(self, record: logging.LogRecord) -> None:
        if not _was_logged(record) and not self._is_repeated(record):
            super().emit(record)

    def close(self) -> None:
        self._sum_up(*self._repeated)
        super().close()

    def _is_repeated(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING:
            return False
        key = getattr(record, "kind", None) or (record.name, message_of(record))
        now = time.monotonic()
        known = self._repeated.get(key)
        if known is None or now >= known.ends_at:
            if len(self._repeated) >= _MAX_KINDS:
                self._forget_ended(now)
            self._repeated[key] = _Repeated(record, now + REPEAT_S)
            return False
        known.count += 1
        if known.count == 1:
            timer = threading.Timer(known.ends_at - now, self._sum_up, (key,))
            timer.daemon = True
            timer.start()
        return True

    def _forget_ended(self, now: float) -> None:
        self._repeated = {
            key: repeated for key, repeated in self._repeated.items() if now < repeated.ends_at
        }

    def _sum_up(self, *keys: Hashable) -> None:
        """Write how often each record was repeated, and go on counting."""
        self.acquire()
        try:
            for key in keys:
                repeated = self._repeated.get(key)
                if repeated is None or not repeated.count:
                    continue
                super().emit(_sum_of(repeated))
                self._repeated[key] = _Repeated(repeated.record, time.monotonic() + REPEAT_S)
        finally:
            self.release()


def message_of(record: logging.LogRecord) -> str:
    """Returns the message on one line, with the type and text of an expected error."""
    message = record.getMessage().strip()
    error = _error_of(record)
    if error is not None and _is_expected(error) and str(error) not in message:
        message = f"{message}: {type(error).__name__}: {str(error)[:_MAX_ERROR_LENGTH]}"
    return one_line(message)


def _sum_of(repeated: _Repeated) -> logging.LogRecord:
    record = repeated.record
    message = f"{message_of(record)} (repeated {repeated.count} times in {REPEAT_S:.0f} s)"
    return logging.LogRecord(record.name, record.levelno, "", 0, message, None, None)


def _was_logged(record: logging.LogRecord) -> bool:
    """Whether the record's error was logged before; remembers that it is now."""
    error = _error_of(record)
    if error is None:
        return False
    was_logged = hasattr(error, _LOGGED)
    setattr(error, _LOGGED, True)
    return was_logged


def _error_of(record: logging.LogRecord) -> BaseException | None:
    return record.exc_info[1] if record.exc_info else None


def _is_expected(error: BaseException) -> bool:
    return isinstance(error, tuple(_expected))
