"""``python -m tpod_core.embedded DATA_DIR`` runs the supervisor; the app starts it."""

import os
import sys
import time
from pathlib import Path

from tpod_core.config import get_settings
from tpod_core.embedded.locks import try_lock
from tpod_core.embedded.paths import lock_path
from tpod_core.embedded.supervisor import Supervisor
from tpod_core.log import setup_logging
from tpod_core.private_files import make_new_files_private

_LOCK_TIMEOUT_S = 2.0
"""Longer than an app holds the lock while it checks whether a supervisor has it."""


def main(data_dir: Path) -> int:
    make_new_files_private()
    setup_logging(get_settings().log_level)
    descriptor = os.open(lock_path(data_dir), os.O_CREAT | os.O_RDWR, mode=0o600)
    deadline = time.monotonic() + _LOCK_TIMEOUT_S
    while not try_lock(descriptor):
        if time.monotonic() > deadline:
            return 0  # another supervisor is running
        time.sleep(0.05)
    os.truncate(descriptor, 0)
    os.write(descriptor, f"{os.getpid()}\n".encode())
    Supervisor(data_dir).run()
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
