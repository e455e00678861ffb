"""The trained model that was used last stays in memory."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any


def keep_last_loaded(load: Callable[[Path], Any]) -> Callable[[Path], Any]:
    """``load``, called again only for another checkpoint or for one whose file has changed.

    Scoring asks for the same checkpoint again and again, and loading one takes seconds.
    """

    @lru_cache(1)
    def load_version(checkpoint: Path, changed_ns: int) -> Any:
        return load(checkpoint)

    return lambda path: load_version(path, path.stat().st_mtime_ns if path.is_file() else 0)
