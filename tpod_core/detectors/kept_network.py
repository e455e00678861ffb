"""The network used last stays loaded: predictions come in chunks, all of one checkpoint."""

from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any


class KeptNetwork:
    """Holds one network, known by its checkpoint's path and time and by how it was loaded."""

    def __init__(self) -> None:
        self._key: Hashable = None
        self._network: Any = None

    def get(self, checkpoint: Path, how: Hashable, load: Callable[[], Any]) -> Any:
        """What ``load`` gives for ``checkpoint``, anew only if the file or ``how`` changed.

        Raises: what ``load`` raises.
        """
        changed_ns = checkpoint.stat().st_mtime_ns if checkpoint.is_file() else 0
        key = (checkpoint, changed_ns, how)
        if key != self._key:
            self._key, self._network = None, None  # two at once may not fit in memory
            self._network = load()
            self._key = key
        return self._network
