"""Keeps the most recently used trained model in memory."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any


def keep_last_loaded(load: Callable[[Path], Any]) -> Callable[[Path], Any]:
    """Returns ``load`` with a cache of one model, which is renewed when the file changes.

    Scoring loads the same checkpoint repeatedly, and loading takes seconds.
    """

    @lru_cache(1)
    def load_version(checkpoint: Path, changed_ns: int) -> Any:
        return load(checkpoint)

    return lambda path: load_version(path, path.stat().st_mtime_ns if path.is_file() else 0)
