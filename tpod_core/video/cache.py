"""A memory of the last used things, bounded by their bytes."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class ByteBoundedCache(Generic[Key, Value]):
    """Keeps the values last used, up to ``capacity_bytes`` together. For any thread."""

    def __init__(self, capacity_bytes: int) -> None:
        self.capacity_bytes = capacity_bytes
        self._lock = threading.Lock()
        self._values: OrderedDict[Key, tuple[Value, int]] = OrderedDict()
        self._size_bytes = 0

    def find(self, key: Key) -> Value | None:
        with self._lock:
            found = self._values.get(key)
            if found is None:
                return None
            self._values.move_to_end(key)
            return found[0]

    def put(self, key: Key, value: Value, size_bytes: int) -> None:
        """Remember ``value``, forgetting what was used longest ago; nothing larger than all."""
        if size_bytes > self.capacity_bytes:
            return
        with self._lock:
            self._forget(key)
            self._values[key] = value, size_bytes
            self._size_bytes += size_bytes
            while self._size_bytes > self.capacity_bytes:
                self._forget(next(iter(self._values)))

    @property
    def size_bytes(self) -> int:
        return self._size_bytes

    def _forget(self, key: Key) -> None:
        if key in self._values:
            self._size_bytes -= self._values.pop(key)[1]
