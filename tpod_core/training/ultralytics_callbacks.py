"""Translates Ultralytics' callbacks to our progress reports, rows and checkpoints."""

import math
import time
from collections.abc import Callable, Mapping
from typing import Any

from ultralytics.utils.callbacks import get_default_callbacks

from tpod_core.detectors.attempts import Attempt
from tpod_core.detectors.protocol import TrainingCallback
from tpod_core.detectors.scores import EpochRow

Callbacks = dict[str, list[Callable[[Any], None]]]


def training_callbacks(attempt: Attempt, callback: TrainingCallback) -> Callbacks:
    """Returns the trainer's callbacks; an exception of ``callback`` ends the training at once."""
    listener = _Listener(attempt, callback)
    callbacks: Callbacks = get_default_callbacks()
    callbacks["on_train_epoch_start"].append(listener.on_epoch_start)
    callbacks["on_train_batch_end"].append(listener.on_batch_end)
    callbacks["on_val_batch_end"].append(lambda _: callback.check())
    callbacks["on_model_save"].append(listener.on_model_save)
    return callbacks


class _Listener:
    def __init__(self, attempt: Attempt, callback: TrainingCallback) -> None:
        self._attempt = attempt
        self._callback = callback
        self._batches_done = 0
        self._epoch_started = time.monotonic()

    def on_epoch_start(self, trainer: Any) -> None:
        # Also called when an epoch restarts with a smaller batch after memory ran out.
        self._batches_done = 0
        self._epoch_started = time.monotonic()

    def on_batch_end(self, trainer: Any) -> None:
        self._batches_done += 1
        part = min(1.0, self._batches_done / len(trainer.train_loader))
        self._callback.on_batch(trainer.epoch + 1, (trainer.epoch + part) / trainer.epochs)

    def on_model_save(self, trainer: Any) -> None:
        """Write the row first: resuming from the checkpoint needs every row up to it."""
        row = self._row(trainer)
        self._attempt.append_epoch(row)
        if trainer.best_fitness == trainer.fitness:
            self._attempt.keep_best(trainer.best)
        self._attempt.keep_checkpoint(trainer.last, row.epoch)
        self._callback.on_epoch(row)

    def _row(self, trainer: Any) -> EpochRow:
        metrics = trainer.metrics
        return EpochRow(
            epoch=trainer.epoch + 1,
            seconds=round(time.monotonic() - self._epoch_started, 3),
            train_losses=_finite(trainer.label_loss_items(trainer.tloss), "train/"),
            val_losses=_finite(metrics, "val/"),
            precision=float(metrics["metrics/precision(B)"]),
            recall=float(metrics["metrics/recall(B)"]),
            map50=float(metrics["metrics/mAP50(B)"]),
            map50_95=float(metrics["metrics/mAP50-95(B)"]),
            learning_rate=float(trainer.lr["lr/pg0"]),
        )


def _finite(values: Mapping[str, Any], prefix: str) -> dict[str, float]:
    """Returns the values under ``prefix`` without infinite losses, which JSON cannot hold."""
    return {
        key.removeprefix(prefix): float(value)
        for key, value in values.items()
        if key.startswith(prefix) and math.isfinite(float(value))
    }
