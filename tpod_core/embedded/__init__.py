"""Redis and workers without installing any: the default when ``TPOD_REDIS_URL`` is empty.

    app ──starts, watches──▶ supervisor ──keeps──▶ server, `default` worker, `low` worker

The supervisor has a session of its own and outlives the app; each of its children dies with
it, and each job's process with its worker.
"""

from tpod_core.embedded.lifespan import embedded_services

__all__ = ["embedded_services"]
