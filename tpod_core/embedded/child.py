"""One process that the supervisor keeps running."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import psutil

from tpod_core.embedded.processes import die_with_parent
from tpod_core.log import get_logger

_LONG_LIFE_S = 5.0
_FIRST_REST_S = 0.25
_LONGEST_REST_S = 10.0

_log = get_logger(__name__)


@dataclass(frozen=True)
class Command:
    """What to start; two commands that are equal need no restart."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    working_dir: str = "/"
    version: str = ""


class Child:
    """Started again when it dies; if it keeps dying at once, after longer and longer rests."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.short_lives = 0
        self._process: subprocess.Popen[bytes] | None = None
        self.command: Command | None = None
        self._started_at = self._rest_until = 0.0
        self._asked_to_leave = False

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def keep_running(self, command: Command) -> None:
        """Start it unless it runs or rests; one that runs an older command may finish first."""
        if self.is_running:
            if command != self.command:
                self.ask_to_leave()
            return
        if self._process is not None:
            self._note_end()
        if time.monotonic() >= self._rest_until:
            self._start(command)

    def ask_to_leave(self) -> None:
        """SIGTERM, once."""
        if self.is_running and not self._asked_to_leave:
            self._asked_to_leave = True
            self.signal(signal.SIGTERM)

    def signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)

    def kill_with_descendants(self) -> None:
        """Leave nothing of it, whatever it has started itself."""
        if self._process is None or not self.is_running:
            return
        with suppress(psutil.NoSuchProcess):
            for process in psutil.Process(self._process.pid).children(recursive=True):
                with suppress(psutil.NoSuchProcess):
                    process.kill()
        self._process.kill()
        self._process.wait()

    def _start(self, command: Command) -> None:
        self.command, self._started_at = command, time.monotonic()
        self._asked_to_leave = False
        try:
            self._process = subprocess.Popen(
                command.arguments,
                cwd=command.working_dir,
                env=os.environ | dict(command.environment),
                stdin=subprocess.DEVNULL,
                preexec_fn=die_with_parent(),  # noqa: PLW1509 - the supervisor has one thread
            )
        except OSError as error:
            _log.error("%s does not start: %s", self.name, error)
            self._rest()
            return
        _log.info("%s started, process %s", self.name, self._process.pid)

    def _note_end(self) -> None:
        assert self._process is not None
        _log.info("%s ended with %s", self.name, self._process.returncode)
        self._process = None
        if self._asked_to_leave or time.monotonic() - self._started_at >= _LONG_LIFE_S:
            self.short_lives = 0
        else:
            self._rest()

    def _rest(self) -> None:
        self.short_lives += 1
        rest_s = min(_FIRST_REST_S * 2 ** (self.short_lives - 1), _LONGEST_REST_S)
        self._rest_until = time.monotonic() + rest_s
