"""Long work that nobody follows."""


class Unwatched:
    """A ``video.scan.Watch`` that never stops anything."""

    def check(self) -> None:
        return

    def progress(self, fraction: float, message: str) -> None:
        return
