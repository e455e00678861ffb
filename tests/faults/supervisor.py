"""The real supervisor, with a shorter grace period and the workers of ``tests.faults.worker``."""

import sys
from pathlib import Path

from tpod_core.embedded import __main__ as entry
from tpod_core.embedded import supervisor

if __name__ == "__main__":
    supervisor.WORKER_MODULE = "tests.faults.worker"
    supervisor.Supervisor.__init__.__defaults__ = (1.0,)
    sys.exit(entry.main(Path(sys.argv[1])))
