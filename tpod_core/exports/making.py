"""Makes one export: converts, compares with the checkpoint, packs. For worker processes."""

import json
import shutil
from pathlib import Path
from typing import Any

from tpod_core import markdown
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
    """The published detector's letterbox, labels and card, run with an exported model."""

    def __init__(self, published: Path, rows: Rows) -> None:
        super().__init__(published)
        self._exported = rows

    def rows(self, tensor: Any) -> Any:
        return self._exported(tensor)


def make(export_format: ExportFormat, task: ExportTask, reporter: ProgressReporter) -> Agreement:
    """Fill ``task.directory`` with the exported model and its companion files.

    Raises: Conflict if a package is missing, the format cannot hold this detector, or the
    export disagrees with the checkpoint.
    """
    missing = export_format.missing()
    if missing:
        raise Conflict(missing)
    try:
        agreed = _convert(export_format, task, reporter)
    except (ImportError, RuntimeError, ValueError, TypeError) as error:
        _log.exception("cannot make %s", export_format.name)
        cause = str(error).strip().partition("\n")[0][:200]
        raise Conflict(
            f"The conversion to {export_format.label} failed ({type(error).__name__}: {cause}). "
            "The job's log has the details; the other formats are not affected."
        ) from error
    if not agreed.holds:
        raise Conflict(f"The {export_format.label} model is not offered: {agreed.shortfall}.")
    reporter.say("Packing")
    for name in _COMPANIONS:
        shutil.copyfile(task.model / name, task.directory / name)
    text = json.dumps(agreed.as_json(), indent=2)
    (task.directory / "agreement.json").write_text(text, encoding="utf-8")
    (task.directory / "README.md").write_text(_readme(export_format, task), encoding="utf-8")
    return agreed


def _convert(
    export_format: ExportFormat, task: ExportTask, reporter: ProgressReporter
) -> Agreement:
    reporter.say(f"Converting to {export_format.label}")
    with load_exporter(export_format)(task) as rows:
        reporter.say("Checking the exported model")
        images = agreement.spread(task.context.data.val)
        by_checkpoint = task.provider.predict(task.context, images, LOWEST_CONFIDENCE)
        exported = ExportedDetector(task.model, rows)
        return agreement.compare(images, by_checkpoint, exported, exported.confidence)


def _readme(export_format: ExportFormat, task: ExportTask) -> str:
    card = model_zip.read_card(task.model)
    usage = export_format.usage.format(side=card.input_size)
    return f"""# {markdown.escape(card.name)}, as {export_format.label}

An object detector ({card.family}) trained with TPOD. It was compared with the model that it was
made from on validation images; `agreement.json` says how little the two differ.

## Use it

{usage}
Ignore boxes with a score under {card.recommended_confidence:.2f}. `predict.py` in the detector's
ONNX download shows how to place a picture in the square and how to get boxes back out of it.

## Files

- `labels.txt`: one class per line, the first is class 0. `label_map.pbtxt`: the same for
  TensorFlow's Object Detection API, where the first is 1.
- `detector.json`, `metrics.json`: where the model comes from, and its scores.
"""
