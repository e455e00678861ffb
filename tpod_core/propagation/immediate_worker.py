"""``python -m tpod_core.propagation.immediate_worker``: fills at once what people change.

The app starts it (``immediate.ImmediateProcess``), writes each edit to its standard input as a
line of JSON, and reads from its standard output when it rests. It ends with its input.
"""

import json
import os
import signal
import sys
import threading
from collections.abc import Iterable
from typing import TextIO

from tpod_core.config import get_settings
from tpod_core.log import setup_logging
from tpod_core.propagation.immediate import ImmediatePropagation
from tpod_core.propagation.requests import Touched

NICENESS = 5
"""Who waits for an answer of the app goes before who waits for a box to follow."""


class ImmediateWorker:
    """Does the edits of ``orders``; tells the number of a video's last edit when it rests."""

    def __init__(self, answers: TextIO) -> None:
        self._answers = answers
        self._taken: dict[int, int] = {}
        self._writing = threading.Lock()
        self._propagation = ImmediatePropagation(self._rests)

    def serve(self, orders: Iterable[str]) -> None:
        for line in orders:
            order = json.loads(line)
            touched = touched_of(order)
            self._taken[touched.video_id] = order["number"]
            self._propagation.take(touched)
        self._propagation.close()

    def _rests(self, video_id: int) -> None:
        # An edit taken after the number was read makes the video busy again, and tells then.
        number = self._taken[video_id]
        if self._propagation.is_busy_with(video_id):
            return
        with self._writing:
            self._answers.write(json.dumps({"video_id": video_id, "number": number}) + "\n")
            self._answers.flush()


def order_of(touched: Touched, number: int) -> str:
    """A line for the process; ``number`` counts the edits of the app."""
    order = {
        "number": number,
        "video_id": touched.video_id,
        "track_ids": sorted(touched.track_ids),
        "first": touched.first,
        "last": touched.last,
    }
    return json.dumps(order) + "\n"


def touched_of(order: dict[str, int | list[int]]) -> Touched:
    """What ``order_of`` said."""
    video_id, tracks, first, last = (
        order[name] for name in ("video_id", "track_ids", "first", "last")
    )
    assert isinstance(tracks, list)
    assert isinstance(video_id, int)
    assert isinstance(first, int)
    assert isinstance(last, int)
    return Touched(video_id, frozenset(tracks), first, last)


def main() -> None:
    # A Ctrl-C reaches every process of the terminal; the app decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICENESS)
    setup_logging(get_settings().log_level)
    # Whatever a library prints must not be taken for an answer.
    with os.fdopen(os.dup(sys.stdout.fileno()), "w") as answers:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        ImmediateWorker(answers).serve(sys.stdin)


if __name__ == "__main__":
    main()
