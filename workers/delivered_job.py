"""Limits what a worker does with what it finds in Redis to one call of ``registry.perform``.

RQ imports and calls any function that a job names, as its work or as one of its callbacks. Whoever
can write to Redis could therefore run code.
"""

from collections.abc import Callable
from typing import Any

from rq.exceptions import DeserializationError, NoSuchJobError
from rq.job import Job as RqJob

from tpod_core.log import get_logger
from tpod_core.queue import ENTRY_POINT
from workers.registry import perform

_KEPT = (
    b"data",
    b"status",
    b"origin",
    b"created_at",
    b"enqueued_at",
    b"started_at",
    b"ended_at",
    b"last_heartbeat",
    b"worker_name",
    b"result_ttl",
    b"failure_ttl",
)
"""The fields that are read: no callbacks, webhooks, dependencies, retries or stored results."""

_NEVER = -1
_log = get_logger(__name__)


class DeliveredJob(RqJob):  # type: ignore[misc]
    """An RQ job that carries a delivery of ours. Anything else is deleted and counts as missing.

    Needs a serializer that only makes plain values, such as JSON's.
    """

    def restore(self, raw_data: dict[bytes, bytes]) -> None:
        """Read what Redis holds. Raises: NoSuchJobError if that is no delivery."""
        try:
            super().restore({name: raw_data[name] for name in _KEPT if name in raw_data})
            is_delivery = self._is_delivery()
        except (ValueError, AttributeError, DeserializationError):
            is_delivery = False
        if not is_delivery:
            _log.error("refused and deleted an entry of the queue that is not ours: %s", self.id)
            self.connection.delete(self.key)
            raise NoSuchJobError(self.id)
        self.timeout = _NEVER

    @property
    def func(self) -> Callable[[int, int], None]:
        return perform

    def _is_delivery(self) -> bool:
        arguments: Any = self.args
        return (
            self.func_name == ENTRY_POINT
            and self.instance is None
            and not self.kwargs
            and isinstance(arguments, list)
            and [type(argument) for argument in arguments] == [int, int]
        )
