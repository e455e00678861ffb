"""TensorFlow's two formats of one detector for the price of one: the converter makes both."""

import shutil
from pathlib import Path

import pytest

from tpod_core.exports import tensorflow_export
from tpod_core.exports.task import ExportTask


def convert_once(monkeypatch: pytest.MonkeyPatch, kept: Path) -> None:
    """Let every export after the first one take a copy of what the first has converted.

    Args:
        kept: a directory that does not exist yet.
    """
    convert = tensorflow_export._convert

    def convert_or_copy(task: ExportTask) -> Path:
        if not kept.exists():
            shutil.copytree(convert(task), kept)
        copied = task.context.scratch / "copied"
        return Path(shutil.copytree(kept, copied, dirs_exist_ok=True))

    monkeypatch.setattr(tensorflow_export, "_convert", convert_or_copy)
