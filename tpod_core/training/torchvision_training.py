"""The loop that trains torchvision's networks.

The learning rate and every random choice follow from the seed and the epoch. A checkpoint holds
everything else: network, optimizer, gradient scale, epoch, and the best epoch so far.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tpod_core.detectors.protocol import (
    LOWEST_CONFIDENCE,
    Detection,
    TrainingCallback,
    TrainRequest,
)
from tpod_core.detectors.scores import EpochRow
from tpod_core.detectors.torchvision_config import TorchvisionConfig
from tpod_core.errors import Conflict
from tpod_core.evaluation.matching import Objects
from tpod_core.training.hardware import Hardware
from tpod_core.training.torchvision_data import Target, train_loader, val_loader
from tpod_core.training.torchvision_inference import answer_rows
from tpod_core.training.torchvision_network import build, fill, read_file, read_weights, restore
from tpod_core.training.torchvision_scores import Figures, figures_of

_WEIGHT_DECAY = 5e-4
_FINAL_RATE_SHARE = 0.01
_MAX_GRADIENT_NORM = 10.0
_HALF_TYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass
class _Progress:
    """``epoch`` is the last finished one, from 1; ``best_epoch`` is 0 until objects are found."""

    epoch: int = 0
    best_fitness: float = 0.0
    best_epoch: int = 0

    def record(self, fitness: float) -> bool:
        """Record the epoch's fitness; returns whether its network is the best to keep."""
        if fitness > self.best_fitness:
            self.best_fitness, self.best_epoch = fitness, self.epoch
            return True
        return self.best_fitness == 0.0


class Training:
    """One training, from the attempt's newest checkpoint or from the start."""

    def __init__(
        self, request: TrainRequest, callback: TrainingCallback, hardware: Hardware
    ) -> None:
        config = request.config
        assert isinstance(config, TorchvisionConfig)
        self._config = config
        self._request = request
        self._callback = callback
        self._device = hardware.torch_device
        self._progress = _Progress()
        self._train, self._batches = train_loader(request.data.train, config, hardware)
        self._val = val_loader(request.data.val, config, hardware)
        self._network = self._build_network(hardware)
        self._optimizer = torch.optim.AdamW(_groups(self._network), lr=config.lr0)
        needs_scaling = hardware.precision == "fp16"
        self._scaler = torch.amp.GradScaler(self._device.type, enabled=needs_scaling)

    def run(self) -> None:
        """Raises: Conflict if a loss is not finite; every exception of the callback."""
        kept = self._request.attempt.checkpoints()
        if kept:
            self._restore(kept[-1][1])
        while not self._is_over():
            self._run_epoch(self._progress.epoch + 1)

    def _build_network(self, hardware: Hardware) -> Any:
        torch.manual_seed(self._config.seed)
        classes, weights = self._request.data.classes, self._request.weights
        network = build(self._request.dnn_type, len(classes))
        if weights:
            fill(network, read_weights(weights), weights)
        half = _HALF_TYPES.get(hardware.precision)
        if half:
            _compute_backbone_in(network, self._device.type, half)
        return network.to(self._device)

    def _is_over(self) -> bool:
        done, patience = self._progress, self._config.patience
        stopped_early = patience > 0 and done.epoch - done.best_epoch >= patience
        return done.epoch >= self._config.epochs or stopped_early

    def _run_epoch(self, epoch: int) -> None:
        began = time.monotonic()
        torch.manual_seed(self._config.seed + epoch)
        self._batches.epoch = epoch
        losses = self._train_epoch(epoch)
        self._network.eval()
        figures = figures_of(self._predictions(), len(self._request.data.classes))
        row = EpochRow(
            epoch=epoch,
            seconds=round(time.monotonic() - began, 3),
            train_losses=losses,
            val_losses={},
            precision=figures.precision,
            recall=figures.recall,
            map50=figures.map50,
            map50_95=figures.map50_95,
            learning_rate=self._optimizer.param_groups[0]["lr"],
        )
        self._keep(row, figures)
        self._callback.on_epoch(row)

    def _train_epoch(self, epoch: int) -> dict[str, float]:
        """Train on every training picture once. Returns: the mean of each loss."""
        self._network.train()
        sums: dict[str, float] = {}
        steps = len(self._batches)
        for step, (pictures, targets) in enumerate(self._train):
            self._set_rate(epoch - 1 + step / steps)
            losses = self._step(pictures, targets)
            for name, value in losses.items():
                sums[name] = sums.get(name, 0.0) + value / steps
            self._callback.on_batch(epoch, (epoch - 1 + (step + 1) / steps) / self._config.epochs)
        return sums

    def _step(self, pictures: Tensor, targets: list[Target]) -> dict[str, float]:
        moved = [{name: t.to(self._device) for name, t in target.items()} for target in targets]
        losses = self._network(list(self._floats(pictures)), moved)
        total = sum(losses.values())
        values = {_name(name): float(value.detach()) for name, value in losses.items()}
        if not all(map(math.isfinite, values.values())):
            raise Conflict("The losses became infinite. Halve the learning rate and train again.")
        self._optimizer.zero_grad()
        self._scaler.scale(total).backward()
        self._scaler.unscale_(self._optimizer)
        nn.utils.clip_grad_norm_(self._network.parameters(), _MAX_GRADIENT_NORM)
        self._scaler.step(self._optimizer)
        self._scaler.update()
        return values

    def _set_rate(self, epochs_done: float) -> None:
        share = rate_share(epochs_done, self._config.epochs, self._config.warmup_epochs)
        for group in self._optimizer.param_groups:
            group["lr"] = self._config.lr0 * share

    def _predictions(self) -> Iterator[tuple[list[Detection], Objects]]:
        """Yields the detections and the labels of each validation picture, in its own pixels."""
        with torch.inference_mode():
            for pictures, truths in self._val:
                answers = self._network(list(self._floats(pictures)))
                for answer, truth in zip(answers, truths, strict=True):
                    rows = answer_rows(answer)
                    yield truth.placement.detections(rows, LOWEST_CONFIDENCE), truth.labels
                self._callback.check()

    def _floats(self, pictures: Tensor) -> Tensor:
        return pictures.to(self._device, non_blocking=True).float() / 255

    def _keep(self, row: EpochRow, figures: Figures) -> None:
        """Write the row first: resuming from the checkpoint needs every row up to it."""
        attempt, self._progress.epoch = self._request.attempt, row.epoch
        attempt.append_epoch(row)
        attempt.run_directory.mkdir(exist_ok=True)
        file = attempt.run_directory / "checkpoint.pt"
        if self._progress.record(figures.fitness):
            torch.save(self._model_state(), file)
            attempt.keep_best(file, move=True)
        torch.save(
            self._model_state()
            | {
                "optimizer": self._optimizer.state_dict(),
                "scaler": self._scaler.state_dict(),
                "progress": asdict(self._progress),
            },
            file,
        )
        attempt.keep_checkpoint(file, row.epoch, move=True)

    def _model_state(self) -> dict[str, Any]:
        return {
            "dnn_type": self._request.dnn_type,
            "classes": list(self._request.data.classes),
            "model": self._network.state_dict(),
        }

    def _restore(self, path: Path) -> None:
        content = read_file(path)
        try:
            restore(self._network, content["model"], path)
            self._optimizer.load_state_dict(content["optimizer"])
            self._scaler.load_state_dict(content["scaler"])
            self._progress = _Progress(**content["progress"])
        except (KeyError, ValueError, TypeError) as error:
            raise Conflict(f"{path.name} is damaged. Train a new detector.") from error


def rate_share(epochs_done: float, epochs: int, warmup_epochs: float) -> float:
    """Returns the share of the learning rate: a linear warm-up, then half a cosine down."""
    warmup = min(warmup_epochs, max(epochs - 1, 0))
    if epochs_done < warmup:
        return max(epochs_done / warmup, _FINAL_RATE_SHARE)
    left = (epochs - epochs_done) / max(epochs - warmup, 1e-9)
    return _FINAL_RATE_SHARE + (1 - _FINAL_RATE_SHARE) * (1 - math.cos(math.pi * left)) / 2


def _groups(network: nn.Module) -> list[dict[str, Any]]:
    """Returns parameters with weight decay, and biases and normalisations without."""
    trainable = [parameter for parameter in network.parameters() if parameter.requires_grad]
    return [
        {"params": [p for p in trainable if p.ndim > 1], "weight_decay": _WEIGHT_DECAY},
        {"params": [p for p in trainable if p.ndim <= 1], "weight_decay": 0.0},
    ]


def _compute_backbone_in(network: Any, device_type: str, half: torch.dtype) -> None:
    """Use mixed precision in the backbone, where most time goes; heads need the full precision."""
    forward: Callable[[Tensor], dict[str, Tensor]] = network.backbone.forward

    def mixed(pictures: Tensor) -> dict[str, Tensor]:
        context: AbstractContextManager[Any] = torch.autocast(device_type, dtype=half)
        with context:
            features = forward(pictures)
        return {name: feature.float() for name, feature in features.items()}

    network.backbone.forward = mixed


def _name(loss: str) -> str:
    """Returns torchvision's name of a loss in the spelling of the other families."""
    return f"{loss.removeprefix('loss_')}_loss"
