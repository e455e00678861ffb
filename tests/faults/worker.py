"""A real worker that runs the jobs of ``tests.faults.jobs`` with a lease of three seconds."""

import sys

from tpod_core.jobs import lifecycle, running
from workers import main, registry

if __name__ == "__main__":
    lifecycle.LEASE_S = 3.0
    running.BEAT_S = 0.5
    main.WORKER_TTL_S = 17  # RQ asks for a job for 15 seconds less, then looks around
    registry.module_of = lambda kind: "tests.faults.jobs"
    sys.exit(main.main())
