"""``python -m tpod_core.propagation.immediate_worker``: the process of immediate propagation.

``ImmediateProcess`` starts it and writes each edit to its standard input as a line of JSON. The
worker writes a line of JSON to its standard output when a video's edits are done. It ends at
the end of its input.
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
"""Lower priority than the app, whose responses come before propagated boxes."""


class ImmediateWorker:
    """Propagates edits, and writes the number of a video's last edit to ``output`` when idle."""

    def __init__(self, output: TextIO) -> None:
        self._output = output
        self._last_numbers: dict[int, int] = {}
        self._writing = threading.Lock()
        self._propagation = ImmediatePropagation(self._on_idle)

    def serve(self, lines: Iterable[str]) -> None:
        for line in lines:
            edit = json.loads(line)
            touched = decode_edit(edit)
            self._last_numbers[touched.video_id] = edit["number"]
            self._propagation.submit(touched)
        self._propagation.close()

    def _on_idle(self, video_id: int) -> None:
        # An edit submitted after this line makes the video busy again, and is reported later.
        number = self._last_numbers[video_id]
        if self._propagation.is_busy_with(video_id):
            return
        with self._writing:
            self._output.write(json.dumps({"video_id": video_id, "number": number}) + "\n")
            self._output.flush()


def encode_edit(touched: Touched, number: int) -> str:
    """Returns a line for the worker's input; ``number`` counts the edits of the app."""
    edit = {
        "number": number,
        "editor_id": touched.editor_id,
        "video_id": touched.video_id,
        "track_ids": sorted(touched.track_ids),
        "first": touched.first,
        "last": touched.last,
    }
    return json.dumps(edit) + "\n"


def decode_edit(edit: dict[str, int | list[int]]) -> Touched:
    """Inverts ``encode_edit``, after the JSON is parsed."""
    editor_id, video_id, tracks, first, last = (
        edit[name] for name in ("editor_id", "video_id", "track_ids", "first", "last")
    )
    assert isinstance(tracks, list)
    assert isinstance(editor_id, int)
    assert isinstance(video_id, int)
    assert isinstance(first, int)
    assert isinstance(last, int)
    return Touched(editor_id, video_id, frozenset(tracks), first, last)


def main() -> None:
    # Ctrl-C reaches every process of the terminal; only the app reacts to it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICENESS)
    setup_logging(get_settings().log_level)
    # Output that a library prints must not reach the app as a message.
    with os.fdopen(os.dup(sys.stdout.fileno()), "w") as output:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        ImmediateWorker(output).serve(sys.stdin)


if __name__ == "__main__":
    main()
