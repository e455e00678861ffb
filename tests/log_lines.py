"""What TPOD writes to its log in this process."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from tpod_core.log import LOGGER_NAME
from tpod_core.log_lines import LineFormatter

_LOGGERS = (LOGGER_NAME, f"{LOGGER_NAME}.events")


class Lines(logging.Handler):
    """The lines of the log in the order of their writing."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(LineFormatter())
        self.all: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.all.append(self.format(record))

    def with_(self, words: str) -> str:
        """Returns the only line that contains ``words``."""
        [line] = [line for line in self.all if words in line]
        return line


@contextmanager
def collected_lines() -> Iterator[Lines]:
    """Collect the lines of the block, with or without handlers of a program that was started."""
    handler = Lines()
    root, events = loggers = [logging.getLogger(name) for name in _LOGGERS]
    levels = [logger.level for logger in loggers]
    root.addHandler(handler)
    if not events.propagate:
        events.addHandler(handler)
    for logger in loggers:
        logger.setLevel(logging.INFO)
    yield handler
    for logger, level in zip(loggers, levels, strict=True):
        logger.removeHandler(handler)
        logger.setLevel(level)
