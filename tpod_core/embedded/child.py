"""A process that the supervisor keeps running."""

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

_HEALTHY_AFTER_S = 5.0
_FIRST_BACKOFF_S = 0.25
_MAX_BACKOFF_S = 10.0

_log = get_logger(__name__)


@dataclass(frozen=True)
class Command:
    """How to start a process; a change of the command requires a restart."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    working_dir: str = "/"
    version: str = ""


class Child:
    """Restarts its process when it dies, with growing delays if it keeps dying at once."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.early_deaths = 0
        self._process: subprocess.Popen[bytes] | None = None
        self.command: Command | None = None
        self._started_at = self._retry_at = 0.0
        self._is_terminating = False

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def keep_running(self, command: Command) -> None:
        """Start the process unless it runs or waits; terminate one with another command."""
        if self.is_running:
            if command != self.command:
                self.terminate()
            return
        if self._process is not None:
            self._record_end()
        if time.monotonic() >= self._retry_at:
            self._start(command)

    def terminate(self) -> None:
        """Send SIGTERM, only once."""
        if self.is_running and not self._is_terminating:
            self._is_terminating = True
            self.signal(signal.SIGTERM)

    def signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)

    def kill_with_descendants(self) -> None:
        """Kill the process and every process that it has started."""
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
        self._is_terminating = False
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
            self._back_off()
            return
        _log.info("%s started, process %s", self.name, self._process.pid)

    def _record_end(self) -> None:
        assert self._process is not None
        _log.info("%s ended with %s", self.name, self._process.returncode)
        self._process = None
        if self._is_terminating or time.monotonic() - self._started_at >= _HEALTHY_AFTER_S:
            self.early_deaths = 0
        else:
            self._back_off()

    def _back_off(self) -> None:
        self.early_deaths += 1
        delay_s = min(_FIRST_BACKOFF_S * 2 ** (self.early_deaths - 1), _MAX_BACKOFF_S)
        self._retry_at = time.monotonic() + delay_s
