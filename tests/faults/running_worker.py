"""A worker in a process of its own, with the test's Redis."""

import subprocess
import sys
from pathlib import Path


class RunningWorker:
    """A worker of the queue ``default`` that writes its log to a file."""

    def __init__(self, log: Path) -> None:
        self._log = log
        with log.open("wb") as file:
            command = (sys.executable, "-m", "tests.faults.worker", "default")
            self.process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT)

    def log(self) -> str:
        return self._log.read_text()

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(30)
