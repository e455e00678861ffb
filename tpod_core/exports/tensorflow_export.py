"""Exports to TensorFlow's SavedModel and LiteRT, in a Python environment of their own.

onnx2tf converts the ONNX model to both, for every family whose operations it knows.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from tpod_core.detectors.paths import ONNX_NAME
from tpod_core.errors import Conflict
from tpod_core.exports import tensorflow_program
from tpod_core.exports.needs import tensorflow_python
from tpod_core.exports.plain_onnx import write_plain
from tpod_core.exports.task import ExportTask, Rows

_CHECK_INTERVAL_S = 0.5
_SAVED_MODEL_PARTS = ("saved_model.pb", "fingerprint.pb", "assets", "variables")
_ENVIRONMENT = {"TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": "-1"}


@contextmanager
def export_saved_model(task: ExportTask) -> Iterator[Rows]:
    """See ``task.Exporter``. One directory per version, as TensorFlow Serving expects."""
    converted = _convert(task)
    version = task.directory / "saved_model" / "1"
    version.mkdir(parents=True)
    for name in _SAVED_MODEL_PARTS:
        if (converted / name).exists():
            shutil.move(converted / name, version / name)
    with _running("saved_model", version) as rows:
        yield rows


@contextmanager
def export_litert(task: ExportTask) -> Iterator[Rows]:
    """See ``task.Exporter``."""
    converted = _convert(task)
    target = task.directory / "model.tflite"
    shutil.move(next(converted.glob("*_float32.tflite")), target)
    with _running("litert", target) as rows:
        yield rows


def _convert(task: ExportTask) -> Path:
    """Returns the directory with both formats. Raises: Conflict if the converter fails."""
    scratch, converted = task.context.scratch, task.context.scratch / "converted"
    plain = scratch / "model.onnx"
    write_plain(task.model / ONNX_NAME, plain)
    process = _start("convert", str(plain), str(converted), working_dir=scratch)
    try:
        while process.poll() is None:
            task.check()
            with suppress(subprocess.TimeoutExpired):
                process.wait(_CHECK_INTERVAL_S)
    finally:
        process.kill()
        process.wait()
    if process.returncode != 0 or not (converted / "saved_model.pb").exists():
        raise Conflict(
            f"The converter to TensorFlow failed on this detector (exit {process.returncode}). "
            "The job's log has its output; the other formats are not affected."
        )
    return converted


@contextmanager
def _running(kind: str, model: Path) -> Iterator[Rows]:
    process = _start("run", kind, str(model), working_dir=model.parent, pipes=True)
    try:
        yield lambda picture: _run_on(process, picture)
    finally:
        process.kill()
        process.communicate()


def _run_on(process: subprocess.Popen[bytes], picture: Any) -> Any:
    """Run the model on a picture. Raises: Conflict if the model's process has died."""
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(np.ascontiguousarray(picture.transpose(0, 2, 3, 1)).tobytes())
        process.stdin.flush()
        count = int(np.frombuffer(process.stdout.read(4), np.uint32)[0])
    except (BrokenPipeError, IndexError, ValueError) as error:
        raise Conflict(
            "The converted model does not run, most likely because it lacks an operation that "
            "this family needs. The job's log has its words; the other formats are not concerned."
        ) from error
    rows = np.frombuffer(process.stdout.read(count * 6 * 4), np.float32)
    return rows.reshape(count, 6).copy()


def _start(*arguments: str, working_dir: Path, pipes: bool = False) -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE if pipes else None
    return subprocess.Popen(
        # -I isolates it from our own modules and Python environment variables.
        (str(tensorflow_python()), "-I", tensorflow_program.__file__, *arguments),
        cwd=working_dir,
        env=os.environ | _ENVIRONMENT,
        stdin=pipe or subprocess.DEVNULL,
        stdout=pipe,
    )
