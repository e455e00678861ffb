"""The trained model that was used last, kept in memory."""

from collections.abc import Callable
from pathlib import Path
from typing import Any


class LastLoaded:
    """Scoring asks for the same checkpoint again and again; loading one takes seconds."""

    def __init__(self, load: Callable[[Path], Any]) -> None:
        self._load = load
        self._key: tuple[Path, int] | None = None
        self._model: Any = None

    def of(self, checkpoint: Path) -> Any:
        """The model in ``checkpoint`` as the file is now. Raises: what loading it raises."""
        changed_ns = checkpoint.stat().st_mtime_ns if checkpoint.is_file() else 0
        if self._key != (checkpoint, changed_ns):
            self._model = self._load(checkpoint)
            self._key = checkpoint, changed_ns
        return self._model
