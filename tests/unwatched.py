"""Long work that nobody follows."""


class Unwatched:
    """A ``video.scan.ProgressMonitor`` and a ``protocol.ProgressReporter`` that never stops."""

    def check(self) -> None:
        return

    def say(self, message: str) -> None:
        return

    def progress(self, fraction: float, message: str) -> None:
        return
