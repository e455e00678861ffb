"""A thread-safe, least-recently-used cache, bounded by the bytes of its values."""

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from cachetools import LRUCache

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class ByteBoundedCache(Generic[Key, Value]):
    """``cachetools.LRUCache`` under a lock.

    Args:
        capacity_bytes: for all values together.
        size_of: returns the size of a value in bytes.
    """

    def __init__(self, capacity_bytes: int, size_of: Callable[[Value], int]) -> None:
        self.capacity_bytes = capacity_bytes
        self._lock = threading.Lock()
        self._values: LRUCache[Key, Value] = LRUCache(capacity_bytes, size_of)

    def find(self, key: Key) -> Value | None:
        with self._lock:
            return self._values.get(key)

    def put(self, key: Key, value: Value) -> None:
        """Store ``value`` and evict the least recently used ones; skip one over the capacity."""
        with self._lock:
            if self._values.getsizeof(value) <= self.capacity_bytes:
                self._values[key] = value

    @property
    def size_bytes(self) -> int:
        return int(self._values.currsize)
