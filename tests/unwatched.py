"""Long work that nobody follows."""


class Unwatched:
    """A ``video.scan.Watch`` and a ``protocol.ProgressReporter`` that never stops anything."""

    def check(self) -> None:
        return

    def say(self, message: str) -> None:
        return

    def progress(self, fraction: float, message: str) -> None:
        return
