"""Runs Redis and workers as part of TPOD: the default when ``TPOD_REDIS_URL`` is empty.

    app ──starts, watches──▶ supervisor ──keeps running──▶ server, `default` and `low` workers

The supervisor has a session of its own and outlives the app. The kernel kills its children when
it dies, and the process of a job when its worker dies.
"""

from tpod_core.embedded.lifespan import embedded_services

__all__ = ["embedded_services"]
