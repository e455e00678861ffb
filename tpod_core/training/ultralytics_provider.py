"""The YOLO families, by Ultralytics; the other families of Ultralytics' build on this.

Source: docs.ultralytics.com/usage/callbacks and the code of the pinned version.
"""

import json
import logging
import pickle
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tpod_core.detectors.attempts import Attempt
from tpod_core.detectors.protocol import (
    LOWEST_CONFIDENCE,
    MAX_DETECTIONS,
    Detection,
    Scene,
    TrainingCallback,
    TrainRequest,
)
from tpod_core.detectors.ultralytics_config import PLAIN_EPOCHS, UltralyticsConfig
from tpod_core.detectors.ultralytics_setup import configure
from tpod_core.errors import Conflict
from tpod_core.geometry import Box
from tpod_core.training.loaded import keep_last_loaded

configure()  # before Ultralytics reads its environment

import torch  # noqa: E402
import ultralytics  # noqa: E402
from ultralytics.engine import trainer as their_trainer  # noqa: E402
from ultralytics.models.yolo.detect import DetectionTrainer  # noqa: E402
from ultralytics.nn.tasks import load_checkpoint  # noqa: E402
from ultralytics.utils import LOGGER  # noqa: E402
from ultralytics.utils.torch_utils import strip_optimizer  # noqa: E402

from tpod_core.training.hardware import choose_hardware  # noqa: E402
from tpod_core.training.oom_retry import train_within_memory  # noqa: E402
from tpod_core.training.ultralytics_callbacks import training_callbacks  # noqa: E402

LOGGER.setLevel(logging.WARNING)  # its warnings belong into the job's log all the same

# It would load published weights to try mixed precision; ``hardware`` has chosen what is sound.
their_trainer.check_amp = lambda model: True

_AMP = {"fp32": False, "bf16": "bf16", "fp16": True}

_UNREADABLE = (TypeError, ValueError, RuntimeError, OSError, EOFError, pickle.UnpicklingError)
"""What loading a damaged checkpoint raises, by the kind of damage."""

_NMS_IOU = 0.7


class OurTrainer:
    """What we do otherwise than Ultralytics' trainers; stands before one of them."""

    def final_eval(self) -> None:
        """Nothing: the best model is scored once, in the delivered shape, as every family's."""

    def _build_train_pipeline(self) -> None:
        # Ultralytics halves the batch itself, but in the first epoch only, and tells nobody.
        if getattr(self, "_oom_retries", 0):
            raise torch.OutOfMemoryError("out of memory")
        super()._build_train_pipeline()  # type: ignore[misc]


class _Trainer(OurTrainer, DetectionTrainer):  # type: ignore[misc]
    pass


class UltralyticsProvider:
    """See ``protocol.Provider``. Another family of Ultralytics' overrides what differs."""

    trainer: Any = _Trainer
    network: Any = ultralytics.YOLO
    predictor: Any = None
    """``None`` takes the network's own."""

    def __init__(self) -> None:
        self.versions = {"ultralytics": ultralytics.__version__, "torch": torch.__version__}
        self._model = keep_last_loaded(lambda path: self.network(str(loadable(path))))

    def train(self, request: TrainRequest, watcher: TrainingCallback) -> None:
        attempt = request.attempt
        if request.resume:
            _take_over(attempt, request.resume)
        train_within_memory(request, watcher, lambda again: self._run(again, watcher))
        stripped = attempt.directory / "trained.part.pt"
        strip_optimizer(attempt.best, str(stripped))
        stripped.replace(attempt.trained)

    def _run(self, request: TrainRequest, watcher: TrainingCallback) -> None:
        """Train on from the attempt's newest checkpoint, or from the start."""
        kept = request.attempt.checkpoints()
        if kept and kept[-1][0] >= request.config.epochs:
            return
        overrides = _continued(request, kept[-1][1]) if kept else self.arguments(request)
        callbacks = training_callbacks(request.attempt, watcher)
        self.trainer(overrides=overrides, _callbacks=callbacks).train()

    def arguments(self, request: TrainRequest) -> dict[str, Any]:
        """A fresh training in Ultralytics' words."""
        config = request.config
        assert isinstance(config, UltralyticsConfig)
        hardware = choose_hardware(config.device)
        start = loadable(request.weights) if request.weights else f"{request.dnn_type}.yaml"
        return {
            "task": "detect",
            "model": str(start),
            "data": str(_data_yaml(request.data.directory, request.data.classes)),
            "save_dir": str(request.attempt.run_directory),
            "epochs": config.epochs,
            "imgsz": config.imgsz,
            "batch": config.batch,
            "patience": config.patience,
            "seed": config.seed,
            "device": hardware.device,
            "workers": hardware.loader_workers,
            "lr0": config.lr0,
            "warmup_epochs": config.warmup_epochs,
            "mosaic": 1.0 if config.mosaic else 0.0,
            "close_mosaic": PLAIN_EPOCHS,
            "fliplr": 0.5 if config.fliplr else 0.0,
            "amp": _AMP[hardware.precision],
            "plots": False,
            # A small set gives few steps per epoch: gathering gradients over batches, the
            # default, leaves too few. The rest is what "auto" would choose with AdamW.
            "nbs": config.batch,
            "optimizer": "AdamW",
            "momentum": 0.9,
            "warmup_bias_lr": 0.0,
        }

    def export_onnx(self, scene: Scene, target: Path) -> None:
        # onnxruntime simplifies the graph itself when it loads it; here it costs seconds.
        _export(scene, target, format="onnx", simplify=False)

    def export_torchscript(self, scene: Scene, target: Path) -> None:
        _export(scene, target, format="torchscript")

    def predict(
        self, scene: Scene, images: Sequence[Path], confidence: float
    ) -> list[list[Detection]]:
        results = self._model(scene.checkpoint).predict(
            [str(path) for path in images],
            predictor=self.predictor,
            imgsz=scene.config.imgsz,
            batch=scene.config.batch,
            conf=confidence,
            iou=_NMS_IOU,
            max_det=MAX_DETECTIONS,
            # The delivered ONNX model takes squares; confidences differ a little by shape.
            rect=False,
            device=choose_hardware(scene.config.device).device,
            verbose=False,
            save=False,
            stream=True,  # else every picture is kept until the last is done
        )
        return [
            [Detection(Box(*row[:4]), row[4], int(row[5])) for row in result.boxes.data.tolist()]
            for result in results
        ]


def _export(scene: Scene, target: Path, **options: Any) -> None:
    source = scene.scratch / "model.pt"  # the exporter writes beside the checkpoint
    shutil.copyfile(loadable(scene.checkpoint), source)
    written = ultralytics.YOLO(str(source)).export(
        imgsz=scene.config.imgsz,
        nms=True,
        conf=LOWEST_CONFIDENCE,
        iou=_NMS_IOU,
        max_det=MAX_DETECTIONS,
        device="cpu",
        **options,
    )
    Path(written).replace(target)
    source.unlink()


def _take_over(attempt: Attempt, earlier: Attempt) -> None:
    """What a run that went before left: our files, and Ultralytics' own."""
    attempt.go_on_from(earlier)
    [(epochs_done, _)] = attempt.checkpoints()
    results = attempt.run_directory / "results.csv"
    results.parent.mkdir(parents=True)
    theirs = earlier.run_directory / "results.csv"
    if theirs.exists():  # one header line, then a line per epoch
        lines = theirs.read_text().splitlines(keepends=True)
        results.write_text("".join(lines[: epochs_done + 1]))
    best = attempt.run_directory / "weights" / "best.pt"
    best.parent.mkdir()
    shutil.copyfile(attempt.best, best)


def _continued(request: TrainRequest, checkpoint: Path) -> dict[str, Any]:
    """What may differ from the arguments that ``checkpoint`` remembers."""
    hardware = choose_hardware(request.config.device)
    return {
        "resume": str(loadable(checkpoint)),
        "data": str(_data_yaml(request.data.directory, request.data.classes)),
        "save_dir": str(request.attempt.run_directory),
        "batch": request.config.batch,
        "device": hardware.device,
        "workers": hardware.loader_workers,
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


def loadable(checkpoint: Path) -> Path:
    """Raises: Conflict if it is gone, damaged, or holds more than a network's weights."""
    if not checkpoint.is_file():
        raise Conflict(f"The checkpoint {checkpoint.name} is gone. Train the detector again.")
    try:
        load_checkpoint(str(checkpoint))
    except _UNREADABLE as error:
        raise Conflict(
            f"{checkpoint.name} is damaged or no checkpoint of this family. "
            "Replace or remove the file, and train again."
        ) from error
    return checkpoint
