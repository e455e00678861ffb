"""A least-recently-used cache, bounded by the bytes of its values."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class ByteBoundedCache(Generic[Key, Value]):
    """Keeps the most recently used values, ``capacity_bytes`` in total. Thread-safe."""

    def __init__(self, capacity_bytes: int) -> None:
        self.capacity_bytes = capacity_bytes
        self._lock = threading.Lock()
        self._values: OrderedDict[Key, tuple[Value, int]] = OrderedDict()
        self._size_bytes = 0

    def find(self, key: Key) -> Value | None:
        with self._lock:
            cached = self._values.get(key)
            if cached is None:
                return None
            self._values.move_to_end(key)
            return cached[0]

    def put(self, key: Key, value: Value, size_bytes: int) -> None:
        """Store ``value`` and evict the least recently used ones; skip one over the capacity."""
        if size_bytes > self.capacity_bytes:
            return
        with self._lock:
            self._evict(key)
            self._values[key] = value, size_bytes
            self._size_bytes += size_bytes
            while self._size_bytes > self.capacity_bytes:
                self._evict(next(iter(self._values)))

    @property
    def size_bytes(self) -> int:
        return self._size_bytes

    def _evict(self, key: Key) -> None:
        if key in self._values:
            self._size_bytes -= self._values.pop(key)[1]
