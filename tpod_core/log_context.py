"""For whom a process works at the moment: the log says it in every line."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from uuid import uuid4

MAX_TEXT_LENGTH = 128
_PLAIN = re.compile(r"[\w.@:/+%-]+")


@dataclass
class RequestContext:
    """A request, or a run of a screen's script. ``user`` is filled in when it is known.

    The threads and tasks that work on the request share it.
    """

    request_id: str
    address: str
    what: str = ""
    user: str = ""

    def __str__(self) -> str:
        texts = {
            "request": self.request_id,
            "address": self.address,
            "user": self.user,
            "at": self.what,
        }
        return " ".join(f"{name}={safe(text)}" for name, text in texts.items() if text)


@contextmanager
def within_request(context: RequestContext) -> Iterator[None]:
    """Have the log name ``context`` in every line inside the block."""
    token = _current.set(context)
    try:
        yield
    finally:
        _current.reset(token)


def start_script_run(address: str, what: str) -> None:
    """Have the log name this run of a script, until its thread ends or starts another run."""
    _current.set(RequestContext(new_request_id(), address, what))


def set_user(username: str) -> None:
    """Name the user of the present request; outside one, nothing happens."""
    if context := _current.get():
        context.user = username


def current_request() -> RequestContext | None:
    """Returns the request for which this thread or task works."""
    return _current.get()


def new_request_id() -> str:
    return uuid4().hex[:16]


def safe(text: str) -> str:
    """Returns ``text`` on one line, shortened, and in quotes unless it is one plain word.

    Text of a stranger can so not pass for a line or a field of the log.
    """
    shortened = text if len(text) <= MAX_TEXT_LENGTH else f"{text[: MAX_TEXT_LENGTH - 1]}…"
    if _PLAIN.fullmatch(shortened):
        return shortened
    escaped = shortened.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{one_line(escaped)}"'


def one_line(text: str) -> str:
    """Returns ``text`` with a replacement character for each that terminals do not just show."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


_current: ContextVar[RequestContext | None] = ContextVar("request", default=None)
