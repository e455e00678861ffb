"""Make one export: convert, compare with the checkpoint, pack. For worker processes."""

import json
import shutil
from pathlib import Path
from typing import Any

from tpod_core.detectors.protocol import LOWEST_CONFIDENCE, ProgressReporter
from tpod_core.errors import Conflict
from tpod_core.exports import agreement, model_zip
from tpod_core.exports.agreement import Agreement
from tpod_core.exports.formats import ExportFormat, load_exporter
from tpod_core.exports.task import ExportTask, Rows
from tpod_core.inference.predict import Detector
from tpod_core.log import get_logger

_log = get_logger(__name__)

_COMPANIONS = ("labels.txt", "label_map.pbtxt", "detector.json", "metrics.json")


class ExportedDetector(Detector):
    """The published detector with another model inside: its own letterbox, labels and card."""

    def __init__(self, published: Path, rows: Rows) -> None:
        super().__init__(published)
        self._exported = rows

    def rows(self, tensor: Any) -> Any:
        return self._exported(tensor)


def make(wanted: ExportFormat, task: ExportTask, steps: ProgressReporter) -> Agreement:
    """Fill ``task.directory`` with the model in its format and what goes with it.

    Raises: Conflict if a package is missing, the format cannot hold this detector, or the
    export does not say what the checkpoint says.
    """
    missing = wanted.missing()
    if missing:
        raise Conflict(missing)
    try:
        agreed = _convert(wanted, task, steps)
    except (ImportError, RuntimeError, ValueError, TypeError) as error:
        _log.exception("cannot make %s", wanted.name)
        cause = str(error).strip().partition("\n")[0][:200]
        raise Conflict(
            f"The conversion to {wanted.label} failed ({type(error).__name__}: {cause}). "
            "The job's log has the details; the other formats are not concerned."
        ) from error
    if not agreed.holds:
        raise Conflict(f"The {wanted.label} model is not offered: {agreed.shortfall}.")
    steps.say("Packing")
    for name in _COMPANIONS:
        shutil.copyfile(task.model / name, task.directory / name)
    text = json.dumps(agreed.as_json(), indent=2)
    (task.directory / "agreement.json").write_text(text, encoding="utf-8")
    (task.directory / "README.md").write_text(_readme(wanted, task), encoding="utf-8")
    return agreed


def _convert(wanted: ExportFormat, task: ExportTask, steps: ProgressReporter) -> Agreement:
    steps.say(f"Converting to {wanted.label}")
    with load_exporter(wanted)(task) as rows:
        steps.say("Checking the exported model")
        images = agreement.spread(task.context.data.val)
        by_checkpoint = task.provider.predict(task.context, images, LOWEST_CONFIDENCE)
        exported = ExportedDetector(task.model, rows)
        return agreement.compare(images, by_checkpoint, exported, exported.confidence)


def _readme(wanted: ExportFormat, task: ExportTask) -> str:
    card = model_zip.read_card(task.model)
    usage = wanted.usage.format(side=card.input_size)
    return f"""# {card.name}, as {wanted.label}

An object detector ({card.family}) trained with TPOD. It was run beside the model that it was
made of on validation images; `agreement.json` says how little the two differ.

## Use it

{usage}
Ignore boxes with a score under {card.recommended_confidence:.2f}. `predict.py` in the detector's
ONNX download shows how to place a picture in the square and how to get boxes back out of it.

## Files

- `labels.txt`: one class per line, the first is class 0. `label_map.pbtxt`: the same for
  TensorFlow's Object Detection API, where the first is 1.
- `detector.json`, `metrics.json`: where the model comes from, and its scores.
"""
