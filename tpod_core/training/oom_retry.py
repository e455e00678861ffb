"""Continues a training that runs out of memory with smaller batches, at most twice."""

import gc
from collections.abc import Callable
from dataclasses import replace

import torch

from tpod_core.detectors.protocol import TrainingCallback, TrainRequest
from tpod_core.errors import Conflict

MAX_HALVINGS = 2
_MESSAGES = (
    "out of memory",
    "not enough memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_INTERNAL_ERROR",
    "unable to find an engine",
)
"""Messages of CUDA and its libraries. Source: the last three are from Ultralytics' trainer."""


def train_within_memory(
    request: TrainRequest,
    callback: TrainingCallback,
    train: Callable[[TrainRequest], None],
    smallest_batch: int = 1,
) -> None:
    """Run ``train``, again with half the batch each time that memory runs out.

    Args:
        train: resumes from the attempt's own newest checkpoint, if there is one.
    Raises: Conflict if ``MAX_HALVINGS`` did not help.
    """
    for halvings_left in range(MAX_HALVINGS, -1, -1):
        config = request.config
        if _fits(request, train):
            return
        smaller = max(smallest_batch, config.batch // 2)
        if not halvings_left or smaller == config.batch:
            break
        callback.warn(
            f"Memory ran out with {config.batch} images per step: "
            f"the training goes on with {smaller}."
        )
        request = replace(request, config=config.model_copy(update={"batch": smaller}))
    raise Conflict(
        f"The memory of the device does not hold {request.config.batch} images of "
        f"{request.config.imgsz} px per step. Choose a smaller image size, fewer images per "
        "step, or a smaller family."
    )


def _fits(request: TrainRequest, train: Callable[[TrainRequest], None]) -> bool:
    """Whether ``train`` finished; if memory ran out, frees what it held."""
    try:
        train(request)
    except RuntimeError as error:
        if not ran_out_of_memory(error):
            raise
    else:
        return True
    # Only after the handler does nothing refer to the failed training's tensors.
    gc.collect()
    torch.cuda.empty_cache()  # does nothing where CUDA was not used
    return False


def ran_out_of_memory(error: RuntimeError) -> bool:
    return isinstance(error, torch.OutOfMemoryError) or any(s in str(error) for s in _MESSAGES)
