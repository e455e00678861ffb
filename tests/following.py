"""The follower of what people change, in this process."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tpod_core.propagation.immediate import ImmediatePropagation
from tpod_core.propagation.requests import edit_listener


@contextmanager
def following_here(
    rests: Callable[[int], None] = lambda video_id: None,
) -> Iterator[ImmediatePropagation]:
    """Fill at once what this process changes, while the block runs."""
    thread = ImmediatePropagation(rests)
    try:
        with edit_listener(thread.submit):
            yield thread
    finally:
        thread.close()
