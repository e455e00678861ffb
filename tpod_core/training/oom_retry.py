"""A training that runs out of memory goes on with smaller batches, twice at most."""

import gc
from collections.abc import Callable
from dataclasses import replace

import torch

from tpod_core.detectors.protocol import TrainingCallback, TrainRequest
from tpod_core.errors import Conflict

MOST_HALVINGS = 2
_SIGNS = (
    "out of memory",
    "not enough memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_INTERNAL_ERROR",
    "unable to find an engine",
)
"""How CUDA and its libraries say it. Source: Ultralytics' trainer, which lists the last three."""


def train_within_memory(
    request: TrainRequest,
    watcher: TrainingCallback,
    train: Callable[[TrainRequest], None],
    smallest_batch: int = 1,
) -> None:
    """``train``, again with half the batch each time that memory runs out.

    Args:
        train: goes on from the attempt's own newest checkpoint, if there is one.
    Raises: Conflict when ``MOST_HALVINGS`` did not help.
    """
    for halvings_left in range(MOST_HALVINGS, -1, -1):
        config = request.config
        if _fits(request, train):
            return
        smaller = max(smallest_batch, config.batch // 2)
        if not halvings_left or smaller == config.batch:
            break
        watcher.warn(
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
    """Whether ``train`` came to its end; what it held is given back if not."""
    try:
        train(request)
    except RuntimeError as error:
        if not ran_out_of_memory(error):
            raise
    else:
        return True
    # Only here, past the handler, nothing refers to the failed training's tensors any more.
    gc.collect()
    torch.cuda.empty_cache()  # nothing, where CUDA was not used
    return False


def ran_out_of_memory(error: RuntimeError) -> bool:
    return isinstance(error, torch.OutOfMemoryError) or any(s in str(error) for s in _SIGNS)
