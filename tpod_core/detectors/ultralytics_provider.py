"""The YOLO families, by Ultralytics.

Source: docs.ultralytics.com/usage/callbacks and the code of the pinned version.
"""

import json
import logging
import os
import pickle
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tpod_core.detectors.attempts import Attempt
from tpod_core.detectors.config import YoloConfig
from tpod_core.detectors.protocol import Detection, Scene, TrainRequest, Watcher
from tpod_core.detectors.scores import Score
from tpod_core.detectors.ultralytics_setup import configure
from tpod_core.errors import Conflict, InvalidInput
from tpod_core.geometry import Box

configure()  # before Ultralytics reads its environment

import torch  # noqa: E402
import ultralytics  # noqa: E402
from ultralytics.models.yolo.detect import DetectionTrainer, DetectionValidator  # noqa: E402
from ultralytics.nn.tasks import torch_safe_load  # noqa: E402
from ultralytics.utils import LOGGER  # noqa: E402
from ultralytics.utils.torch_utils import strip_optimizer  # noqa: E402

from tpod_core.detectors.ultralytics_scores import score_of  # noqa: E402
from tpod_core.detectors.ultralytics_watch import training_callbacks  # noqa: E402

LOGGER.setLevel(logging.WARNING)  # its warnings belong into the job's log all the same

_UNREADABLE = (TypeError, ValueError, RuntimeError, OSError, EOFError, pickle.UnpicklingError)
"""What loading a damaged checkpoint raises, by the kind of damage."""

MAX_DETECTIONS = 300
_NMS_IOU = 0.7
_LOWEST_CONFIDENCE = 0.001
"""Baked into the ONNX model, so that whoever runs it may choose any higher one."""


class _Trainer(DetectionTrainer):  # type: ignore[misc]
    def final_eval(self) -> None:
        """Nothing: ``evaluate`` scores the best model once, in the delivered shape."""


class UltralyticsProvider:
    """See ``protocol.Provider``."""

    def __init__(self) -> None:
        self.versions = {"ultralytics": ultralytics.__version__, "torch": torch.__version__}

    def train(self, request: TrainRequest, watcher: Watcher) -> None:
        attempt, earlier = request.attempt, request.resume
        overrides = _fresh(request) if earlier is None else _continued(request, earlier)
        if overrides:
            callbacks = training_callbacks(attempt, watcher)
            _Trainer(overrides=overrides, _callbacks=callbacks).train()
        stripped = attempt.directory / "trained.part.pt"
        strip_optimizer(attempt.best, str(stripped))
        stripped.replace(attempt.trained)

    def evaluate(self, scene: Scene, check: Callable[[], None]) -> Score:
        arguments = {
            "task": "detect",
            "mode": "val",
            "data": str(_data_yaml(scene.data.directory, scene.data.classes)),
            "imgsz": scene.config.imgsz,
            "batch": scene.config.batch,
            "device": _device(scene.config.device),
            "conf": _LOWEST_CONFIDENCE,
            "iou": _NMS_IOU,
            # The delivered ONNX model takes squares; confidences differ a little by shape.
            "rect": False,
            "plots": False,
            "workers": _loader_workers(scene.config.device),
        }
        validator = DetectionValidator(save_dir=scene.scratch, args=arguments)
        validator.add_callback("on_val_batch_end", lambda _: check())
        validator(model=str(_loadable(scene.checkpoint)))
        return score_of(validator.metrics, scene.data.classes, len(scene.data.val))

    def export_onnx(self, scene: Scene, target: Path) -> None:
        # onnxruntime simplifies the graph itself when it loads it; here it costs seconds.
        _export(scene, target, format="onnx", simplify=False)

    def export_torchscript(self, scene: Scene, target: Path) -> None:
        _export(scene, target, format="torchscript")

    def predict(
        self, scene: Scene, images: Sequence[Path], confidence: float
    ) -> list[list[Detection]]:
        results = ultralytics.YOLO(str(_loadable(scene.checkpoint))).predict(
            [str(path) for path in images],
            imgsz=scene.config.imgsz,
            conf=confidence,
            iou=_NMS_IOU,
            max_det=MAX_DETECTIONS,
            rect=False,
            device="cpu",
            verbose=False,
            save=False,
        )
        return [
            [Detection(Box(*row[:4]), row[4], int(row[5])) for row in result.boxes.data.tolist()]
            for result in results
        ]


def _export(scene: Scene, target: Path, **options: Any) -> None:
    source = scene.scratch / "model.pt"  # the exporter writes beside the checkpoint
    shutil.copyfile(_loadable(scene.checkpoint), source)
    written = ultralytics.YOLO(str(source)).export(
        imgsz=scene.config.imgsz,
        nms=True,
        conf=_LOWEST_CONFIDENCE,
        iou=_NMS_IOU,
        max_det=MAX_DETECTIONS,
        device="cpu",
        **options,
    )
    Path(written).replace(target)
    source.unlink()


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
