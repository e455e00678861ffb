"""Writes the metrics of a training as TensorBoard event files.

Uses TensorBoard's own writer, which needs neither torch nor TensorFlow.
"""

import time
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from tpod_core.detectors.scores import EpochRow

_RUN = "training"
"""The name of the curves in TensorBoard's list."""

_FILE_VERSION = "brain.Event:2"


class EventLog:
    """Adds rows to the curves below ``directory``.

    A resumed training continues the same curves: TensorBoard drops the values that the earlier
    attempt wrote from the resumed epoch on.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory / _RUN
        self._writer: EventFileWriter | None = None

    def add(self, row: EpochRow) -> None:
        """Write ``row`` and flush it to disk."""
        if self._writer is None:
            self._writer = EventFileWriter(str(self._directory))
            self._start_at(self._writer, row.epoch)
        values = [Summary.Value(tag=tag, simple_value=value) for tag, value in _scalars(row)]
        event = Event(wall_time=time.time(), step=row.epoch, summary=Summary(value=values))
        self._writer.add_event(event)
        self._writer.flush()

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()

    def _start_at(self, writer: EventFileWriter, epoch: int) -> None:
        """Make TensorBoard drop earlier values from ``epoch`` on.

        Source: ``purge_step`` of torch.utils.tensorboard.SummaryWriter.
        """
        session = SessionLog(status=SessionLog.START)
        writer.add_event(Event(wall_time=time.time(), step=epoch, file_version=_FILE_VERSION))
        writer.add_event(Event(wall_time=time.time(), step=epoch, session_log=session))


def _scalars(row: EpochRow) -> list[tuple[str, float]]:
    return [
        *((f"loss/train/{name}", value) for name, value in row.train_losses.items()),
        *((f"loss/validation/{name}", value) for name, value in row.val_losses.items()),
        ("score/mAP50", row.map50),
        ("score/mAP50-95", row.map50_95),
        ("score/precision", row.precision),
        ("score/recall", row.recall),
        ("training/learning_rate", row.learning_rate),
        ("training/seconds", row.seconds),
    ]
