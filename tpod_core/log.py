"""Sets up logging: one format on standard error, one logger tree named ``tpod``."""

import logging
import os
import sys
from typing import TextIO

from tpod_core.log_context import safe
from tpod_core.log_lines import LineFormatter, SummingHandler

LOGGER_NAME = "tpod"
_EVENTS = logging.getLogger(f"{LOGGER_NAME}.events")
_OTHERS_WITH_ERRORS = ("streamlit.error_util", "uvicorn.error", "sqlalchemy.pool")
"""Loggers of libraries that report errors which we have raised, or which keep coming."""


def setup_logging(level: str) -> None:
    """Attach the process's only handlers to the ``tpod`` tree; later calls only set the level."""
    root = logging.getLogger(LOGGER_NAME)
    root.setLevel(level.upper())
    if root.handlers:
        return
    handler = _handler(sys.stderr)
    root.addHandler(handler)
    root.propagate = False
    _EVENTS.addHandler(_handler(_own_standard_error()))
    _EVENTS.propagate = False
    for name in _OTHERS_WITH_ERRORS:
        logging.getLogger(name).addFilter(_ErrorsTo(handler))


def get_logger(name: str) -> logging.Logger:
    """Returns the logger of a module: ``get_logger(__name__)``."""
    return logging.getLogger(f"{LOGGER_NAME}.{name.removeprefix('tpod_core.')}")


def log_event(event: str, **fields: object) -> None:
    """Log in one line what somebody did or what happened to a job: ``video deleted video=7``.

    The fields may hold the text of strangers.
    """
    texts = (f"{name}={safe(str(value))}" for name, value in fields.items())
    _EVENTS.info("%s", " ".join((event, *texts)))


class _ErrorsTo(logging.Filter):
    """Has our handler write a library's records of errors, in our format, instead of its own."""

    def __init__(self, handler: logging.Handler) -> None:
        super().__init__()
        self._handler = handler

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.exc_info:
            return True
        self._handler.handle(record)
        return False


def _handler(stream: TextIO) -> logging.Handler:
    handler = SummingHandler(stream)
    handler.setFormatter(LineFormatter())
    return handler


def _own_standard_error() -> TextIO:
    """Returns standard error as it is now: the process of a job redirects it to the job's log."""
    try:
        return os.fdopen(os.dup(sys.stderr.fileno()), "w", buffering=1, closefd=False)
    except OSError:  # a standard error without a file
        return sys.stderr
