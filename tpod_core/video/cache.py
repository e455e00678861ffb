"""A cache of the values used last, bounded by their bytes, for any thread."""

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from cachetools import LRUCache

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class ByteBoundedCache(Generic[Key, Value]):
    """``cachetools.LRUCache`` under a lock.

    Args:
        capacity_bytes: of all values together.
        size_of: the bytes that a value takes.
    """

    def __init__(self, capacity_bytes: int, size_of: Callable[[Value], int]) -> None:
        self.capacity_bytes = capacity_bytes
        self._lock = threading.Lock()
        self._values: LRUCache[Key, Value] = LRUCache(capacity_bytes, size_of)

    def find(self, key: Key) -> Value | None:
        with self._lock:
            return self._values.get(key)

    def put(self, key: Key, value: Value) -> None:
        """Keep ``value`` in place of those used longest ago, unless it alone is too large."""
        with self._lock:
            if self._values.getsizeof(value) <= self.capacity_bytes:
                self._values[key] = value

    @property
    def size_bytes(self) -> int:
        return int(self._values.currsize)
