"""Trains the YOLO families with Ultralytics; its other families build on this module.

Source: docs.ultralytics.com/usage/callbacks and the code of the pinned version.
"""

import json
import logging
import pickle
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tpod_core.detectors.attempts import Attempt
from tpod_core.detectors.dataset_layout import label_of
from tpod_core.detectors.protocol import (
    LOWEST_CONFIDENCE,
    MAX_DETECTIONS,
    Detection,
    EvaluationContext,
    TrainingCallback,
    TrainRequest,
)
from tpod_core.detectors.ultralytics_config import EPOCHS_WITHOUT_MOSAIC, UltralyticsConfig
from tpod_core.detectors.ultralytics_setup import configure
from tpod_core.errors import Conflict
from tpod_core.geometry import Box
from tpod_core.training.loaded import keep_last_loaded

configure()  # before Ultralytics reads its environment

import torch  # noqa: E402
import ultralytics  # noqa: E402
from ultralytics.engine import trainer as ultralytics_trainer  # noqa: E402
from ultralytics.models.yolo.detect import DetectionTrainer  # noqa: E402
from ultralytics.nn.tasks import load_checkpoint  # noqa: E402
from ultralytics.utils import LOGGER  # noqa: E402
from ultralytics.utils.torch_utils import strip_optimizer  # noqa: E402

from tpod_core.training.hardware import choose_hardware  # noqa: E402
from tpod_core.training.oom_retry import train_within_memory  # noqa: E402
from tpod_core.training.ultralytics_callbacks import training_callbacks  # noqa: E402

LOGGER.setLevel(logging.WARNING)  # warnings still go to the job's log

# It would load published weights to test mixed precision; ``hardware`` has already chosen one.
ultralytics_trainer.check_amp = lambda model: True

_AMP = {"fp32": False, "bf16": "bf16", "fp16": True}

_UNREADABLE = (TypeError, ValueError, RuntimeError, OSError, EOFError, pickle.UnpicklingError)
"""The exceptions that loading a damaged checkpoint raises."""

_NMS_IOU = 0.7


class TrainerOverrides:
    """Overrides of Ultralytics' trainers; a mixin that comes before the trainer class."""

    def final_eval(self) -> None:
        """Do nothing: every family's best model is scored once, after the training."""

    def _build_train_pipeline(self) -> None:
        # Ultralytics halves the batch itself, but only in the first epoch and without a notice.
        if getattr(self, "_oom_retries", 0):
            raise torch.OutOfMemoryError("out of memory")
        super()._build_train_pipeline()  # type: ignore[misc]

    def get_model(self, cfg: Any = None, weights: Any = None, verbose: bool = True) -> Any:
        """Build the network and copy into it what ``weights`` know of each class, by name."""
        if weights is not None:
            weights.names = _distinct_from_numbers(weights.names)
        return super().get_model(cfg, weights, verbose)  # type: ignore[misc]

    def set_model_names_for_load(self, model: Any) -> Any:
        """Name the classes for ``get_model``; the trained network gets its true names later."""
        model.names = _distinct_from_numbers(self.data["names"])  # type: ignore[attr-defined]
        return model


def with_every_label(dataset: Any) -> Any:
    """Put all labels back into a data set of Ultralytics, which drops those equal to another.

    The score of an epoch then counts the same labels as the score of the finished detector.
    """
    for image in dataset.labels:
        text = label_of(Path(image["im_file"])).read_text(encoding="ascii")
        rows = np.array([line.split() for line in text.splitlines()], np.float32).reshape(-1, 5)
        image["cls"], image["bboxes"] = rows[:, :1], rows[:, 1:]
    return dataset


def _distinct_from_numbers(names: Mapping[int, str]) -> dict[int, str]:
    """Returns ``names`` with a space before each, which Ultralytics ignores when it compares them.

    It takes classes called "0", "1", … in this order for unnamed ones and compares nothing.
    """
    return {class_id: f" {name}" for class_id, name in names.items()}


class _Trainer(TrainerOverrides, DetectionTrainer):  # type: ignore[misc]
    def build_dataset(self, img_path: str, mode: str = "train", batch: int | None = None) -> Any:
        dataset = super().build_dataset(img_path, mode, batch)
        return with_every_label(dataset) if mode == "val" else dataset


class UltralyticsProvider:
    """See ``protocol.Provider``. Other families of Ultralytics override what differs."""

    trainer: Any = _Trainer
    network: Any = ultralytics.YOLO
    predictor: Any = None
    """``None`` uses the network's default predictor."""

    def __init__(self) -> None:
        self.versions = {"ultralytics": ultralytics.__version__, "torch": torch.__version__}
        self._model = keep_last_loaded(lambda path: self.network(str(require_loadable(path))))

    def train(self, request: TrainRequest, callback: TrainingCallback) -> None:
        attempt = request.attempt
        if request.resume:
            _copy_earlier_attempt(attempt, request.resume)
        train_within_memory(request, callback, lambda again: self._run(again, callback))
        stripped = attempt.directory / "trained.part.pt"
        strip_optimizer(attempt.best, str(stripped))
        stripped.replace(attempt.trained)

    def _run(self, request: TrainRequest, callback: TrainingCallback) -> None:
        """Train from the attempt's newest checkpoint, or from the start."""
        kept = request.attempt.checkpoints()
        if kept and kept[-1][0] >= request.config.epochs:
            return
        overrides = _resume_arguments(request, kept[-1][1]) if kept else self.arguments(request)
        callbacks = training_callbacks(request.attempt, callback)
        self.trainer(overrides=overrides, _callbacks=callbacks).train()

    def arguments(self, request: TrainRequest) -> dict[str, Any]:
        """Returns Ultralytics' arguments of a new training."""
        config = request.config
        assert isinstance(config, UltralyticsConfig)
        hardware = choose_hardware(config.device)
        start = require_loadable(request.weights) if request.weights else f"{request.dnn_type}.yaml"
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
            "close_mosaic": EPOCHS_WITHOUT_MOSAIC,
            "fliplr": 0.5 if config.fliplr else 0.0,
            "amp": _AMP[hardware.precision],
            "plots": False,
            # A small set gives few steps per epoch; accumulating gradients over batches, the
            # default, leaves too few. The rest is what "auto" would choose with AdamW.
            "nbs": config.batch,
            "optimizer": "AdamW",
            "momentum": 0.9,
            "warmup_bias_lr": 0.0,
        }

    def export_onnx(self, context: EvaluationContext, target: Path) -> None:
        # onnxruntime simplifies the graph when it loads it; doing it here takes seconds.
        _export(context, target, format="onnx", simplify=False)

    def export_torchscript(self, context: EvaluationContext, target: Path) -> None:
        _export(context, target, format="torchscript")

    def predict(
        self, context: EvaluationContext, images: Sequence[Path], confidence: float
    ) -> list[list[Detection]]:
        results = self._model(context.checkpoint).predict(
            [str(path) for path in images],
            predictor=self.predictor,
            imgsz=context.config.imgsz,
            batch=context.config.batch,
            conf=confidence,
            iou=_NMS_IOU,
            max_det=MAX_DETECTIONS,
            # The published ONNX model takes squares; scores differ a little with the shape.
            rect=False,
            device=choose_hardware(context.config.device).device,
            verbose=False,
            save=False,
            stream=True,  # otherwise every picture stays in memory until the last is done
        )
        return [_detections(result.boxes.data.tolist()) for result in results]


def _detections(rows: Sequence[Sequence[float]]) -> list[Detection]:
    """Returns Ultralytics' ``rows``, which it has clipped to the picture."""
    found = (Detection(Box(*row[:4]), row[4], int(row[5])) for row in rows)
    return [each for each in found if each.is_inside]


def _export(context: EvaluationContext, target: Path, **options: Any) -> None:
    source = context.scratch / "model.pt"  # the exporter writes beside the checkpoint
    shutil.copyfile(require_loadable(context.checkpoint), source)
    written = ultralytics.YOLO(str(source)).export(
        imgsz=context.config.imgsz,
        nms=True,
        conf=LOWEST_CONFIDENCE,
        iou=_NMS_IOU,
        max_det=MAX_DETECTIONS,
        device="cpu",
        **options,
    )
    Path(written).replace(target)
    source.unlink()


def _copy_earlier_attempt(attempt: Attempt, earlier: Attempt) -> None:
    """Copy our files and Ultralytics' own from an earlier attempt."""
    attempt.go_on_from(earlier)
    [(epochs_done, _)] = attempt.checkpoints()
    results = attempt.run_directory / "results.csv"
    results.parent.mkdir(parents=True)
    earlier_results = earlier.run_directory / "results.csv"
    if earlier_results.exists():  # one header line, then a line per epoch
        lines = earlier_results.read_text().splitlines(keepends=True)
        results.write_text("".join(lines[: epochs_done + 1]))
    best = attempt.run_directory / "weights" / "best.pt"
    best.parent.mkdir()
    shutil.copyfile(attempt.best, best)


def _resume_arguments(request: TrainRequest, checkpoint: Path) -> dict[str, Any]:
    """Returns the arguments that may differ from those stored in ``checkpoint``."""
    hardware = choose_hardware(request.config.device)
    return {
        "resume": str(require_loadable(checkpoint)),
        "data": str(_data_yaml(request.data.directory, request.data.classes)),
        "save_dir": str(request.attempt.run_directory),
        "batch": request.config.batch,
        "device": hardware.device,
        "workers": hardware.loader_workers,
    }


def _data_yaml(directory: Path, classes: Sequence[str]) -> Path:
    r"""Write the data set's description for Ultralytics.

    A user's file is never used, because Ultralytics executes its ``download`` key. JSON is valid
    YAML and quotes every name, but its pairs of surrogates are not YAML's: a character beyond
    U+FFFF is written as ``\U`` and eight digits. Source: yaml.org/spec/1.2.2, 5.7
    """
    path = directory / "data.yaml"
    content = {
        "path": str(directory),
        "train": "train.txt",
        "val": "val.txt",
        "names": dict(enumerate(classes)),
    }
    text = json.dumps(content, ensure_ascii=False)
    path.write_bytes(text.encode("ascii", "backslashreplace"))
    return path


def require_loadable(checkpoint: Path) -> Path:
    """Raises: Conflict if it is missing, damaged, or holds more than a network's weights."""
    if not checkpoint.is_file():
        raise Conflict(f"The checkpoint {checkpoint.name} is missing. Train the detector again.")
    try:
        load_checkpoint(str(checkpoint))
    except _UNREADABLE as error:
        raise Conflict(
            f"{checkpoint.name} is damaged or not a checkpoint of this family. "
            "Replace or remove the file, and train again."
        ) from error
    return checkpoint
