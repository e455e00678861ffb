"""The YOLO families, by Ultralytics.

Source: docs.ultralytics.com/usage/callbacks and the code of the pinned version.
"""

import json
import logging
import os
import pickle
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tpod_core.detectors.attempts import Attempt
from tpod_core.detectors.config import YoloConfig
from tpod_core.detectors.protocol import (
    MAX_DETECTIONS,
    Detection,
    Scene,
    TrainRequest,
    Watcher,
)
from tpod_core.detectors.ultralytics_setup import configure
from tpod_core.errors import Conflict, InvalidInput
from tpod_core.geometry import Box

configure()  # before Ultralytics reads its environment

import torch  # noqa: E402
import ultralytics  # noqa: E402
from ultralytics.models.yolo.detect import DetectionTrainer  # noqa: E402
from ultralytics.nn.tasks import torch_safe_load  # noqa: E402
from ultralytics.utils import LOGGER  # noqa: E402
from ultralytics.utils.torch_utils import strip_optimizer  # noqa: E402

from tpod_core.detectors.ultralytics_watch import training_callbacks  # noqa: E402

LOGGER.setLevel(logging.WARNING)  # its warnings belong into the job's log all the same

_UNREADABLE = (TypeError, ValueError, RuntimeError, OSError, EOFError, pickle.UnpicklingError)
"""What loading a damaged checkpoint raises, by the kind of damage."""

_NMS_IOU = 0.7
_LOWEST_CONFIDENCE = 0.001
"""Baked into the ONNX model, so that whoever runs it may choose any higher one."""


class _Trainer(DetectionTrainer):  # type: ignore[misc]
    def final_eval(self) -> None:
        """Nothing: the best model is scored once, in the delivered shape, as every family's."""


class UltralyticsProvider:
    """See ``protocol.Provider``."""

    def __init__(self) -> None:
        self.versions = {"ultralytics": ultralytics.__version__, "torch": torch.__version__}
        self._loaded: tuple[tuple[Path, int], Any] | None = None

    def train(self, request: TrainRequest, watcher: Watcher) -> None:
        attempt, earlier = request.attempt, request.resume
        overrides = _fresh(request) if earlier is None else _continued(request, earlier)
        if overrides:
            callbacks = training_callbacks(attempt, watcher)
            _Trainer(overrides=overrides, _callbacks=callbacks).train()
        stripped = attempt.directory / "trained.part.pt"
        strip_optimizer(attempt.best, str(stripped))
        stripped.replace(attempt.trained)

    def export_onnx(self, scene: Scene, target: Path) -> None:
        source = scene.scratch / "model.pt"  # the exporter writes beside the checkpoint
        shutil.copyfile(_loadable(scene.checkpoint), source)
        written = ultralytics.YOLO(str(source)).export(
            format="onnx",
            imgsz=scene.config.imgsz,
            nms=True,
            conf=_LOWEST_CONFIDENCE,
            iou=_NMS_IOU,
            max_det=MAX_DETECTIONS,
            # onnxruntime simplifies the graph itself when it loads it; here it costs seconds.
            simplify=False,
            device="cpu",
        )
        Path(written).replace(target)
        source.unlink()

    def predict(
        self, scene: Scene, images: Sequence[Path], confidence: float
    ) -> list[list[Detection]]:
        results = self._model(scene.checkpoint).predict(
            [str(path) for path in images],
            imgsz=scene.config.imgsz,
            batch=scene.config.batch,
            conf=confidence,
            iou=_NMS_IOU,
            max_det=MAX_DETECTIONS,
            # The delivered ONNX model takes squares; confidences differ a little by shape.
            rect=False,
            device=_device(scene.config.device),
            verbose=False,
            save=False,
            stream=True,  # else every picture is kept until the last is done
        )
        return [
            [Detection(Box(*row[:4]), row[4], int(row[5])) for row in result.boxes.data.tolist()]
            for result in results
        ]

    def _model(self, checkpoint: Path) -> Any:
        """The checkpoint as a model; the one used last stays loaded."""
        changed_ns = checkpoint.stat().st_mtime_ns if checkpoint.is_file() else 0
        if self._loaded is None or self._loaded[0] != (checkpoint, changed_ns):
            model = ultralytics.YOLO(str(_loadable(checkpoint)))
            self._loaded = (checkpoint, changed_ns), model
        return self._loaded[1]


def _fresh(request: TrainRequest) -> dict[str, Any]:
    config = request.config
    assert isinstance(config, YoloConfig)
    return {
        "task": "detect",
        "model": str(_loadable(request.weights) if request.weights else f"{request.dnn_type}.yaml"),
        "data": str(_data_yaml(request.data.directory, request.data.classes)),
        "save_dir": str(request.attempt.run_directory),
        "epochs": config.epochs,
        "imgsz": config.imgsz,
        "batch": config.batch,
        "patience": config.patience,
        "seed": config.seed,
        "device": _device(config.device),
        "workers": _loader_workers(config.device),
        "lr0": config.lr0,
        "warmup_epochs": config.warmup_epochs,
        "mosaic": 1.0 if config.mosaic else 0.0,
        "fliplr": 0.5 if config.fliplr else 0.0,
        "amp": _mixed_precision(config.device),
        "plots": False,
        # A small set gives few steps per epoch: gathering gradients over batches, the
        # default, leaves too few. The rest is what "auto" would choose with AdamW.
        "nbs": config.batch,
        "optimizer": "AdamW",
        "momentum": 0.9,
        "warmup_bias_lr": 0.0,
    }


def _continued(request: TrainRequest, earlier: Attempt) -> dict[str, Any] | None:
    """Overrides that go on from ``earlier``'s newest checkpoint; none when it was the last."""
    epochs_done, checkpoint = earlier.checkpoints()[-1]
    request.attempt.continue_from(earlier, epochs_done)
    if epochs_done >= request.config.epochs:
        return None
    results = request.attempt.run_directory / "results.csv"
    results.parent.mkdir(parents=True)
    theirs = earlier.run_directory / "results.csv"
    if theirs.exists():  # one header line, then a line per epoch
        lines = theirs.read_text().splitlines(keepends=True)
        results.write_text("".join(lines[: epochs_done + 1]))
    best = request.attempt.run_directory / "weights" / "best.pt"
    best.parent.mkdir()
    shutil.copyfile(request.attempt.best, best)
    return {
        "resume": str(_loadable(checkpoint)),
        "data": str(_data_yaml(request.data.directory, request.data.classes)),
        "save_dir": str(request.attempt.run_directory),
        "device": _device(request.config.device),
        "workers": _loader_workers(request.config.device),
    }


def _data_yaml(directory: Path, classes: Sequence[str]) -> Path:
    """The data set's description for Ultralytics: our own, never a person's (its ``download``
    key would be executed). JSON is YAML, and quotes every name."""
    path = directory / "data.yaml"
    content = {
        "path": str(directory),
        "train": "train.txt",
        "val": "val.txt",
        "names": dict(enumerate(classes)),
    }
    path.write_text(json.dumps(content))
    return path


def _loadable(checkpoint: Path) -> Path:
    """Raises: Conflict if it is gone, damaged, or holds more than a network's weights."""
    if not checkpoint.is_file():
        raise Conflict(f"The checkpoint {checkpoint.name} is gone. Train the detector again.")
    try:
        torch_safe_load(str(checkpoint))
    except _UNREADABLE as error:
        raise Conflict(
            f"{checkpoint.name} is damaged or no checkpoint of this family. "
            "Replace or remove the file, and train again."
        ) from error
    return checkpoint


def _device(wanted: str) -> str:
    """Ultralytics' word for the device. Raises: InvalidInput if there is no such GPU."""
    count = torch.cuda.device_count()
    if wanted == "auto":
        return "0" if count else "cpu"
    if wanted == "cpu":
        return wanted
    index = wanted.removeprefix("cuda:")
    if int(index) >= count:
        raise InvalidInput(
            f"There is no GPU {index} here ({count} found). Choose the device “auto”.",
            "train_config.device",
        )
    return index


def _mixed_precision(wanted: str) -> str | bool:
    """bf16 where the GPU has it: unlike fp16 it needs no check against downloaded weights."""
    if _device(wanted) == "cpu":
        return False
    return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else True


def _loader_workers(wanted: str) -> int:
    """Loader processes: none on the CPU, where they would compete with the training."""
    return 0 if _device(wanted) == "cpu" else min(8, os.cpu_count() or 1)
