"""Chooses a training's device, precision and number of data loader processes."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from typing import Literal

import torch

from tpod_core.errors import InvalidInput
from tpod_core.log import get_logger

Precision = Literal["fp32", "bf16", "fp16"]

_FREE_MEMORY_PROGRAM = (
    "import json, torch; n = torch.cuda.device_count(); "
    "print(json.dumps([torch.cuda.mem_get_info(i)[0] for i in range(n)]))"
)
_FREE_MEMORY_TIMEOUT_S = 60

_BROKEN_FP16 = re.compile(r"16[3-6]0|T400|T5[05]0|T600|T1000|T1200|T2000", re.IGNORECASE)
"""GPUs whose fp16 gives NaN losses. Source: Ultralytics' list in ``checks.check_amp``."""

_log = get_logger(__name__)


@dataclass(frozen=True)
class Hardware:
    """``device`` is ``"cpu"`` or the index of a GPU among those visible to CUDA."""

    device: str
    precision: Precision
    loader_workers: int

    @property
    def torch_device(self) -> torch.device:
        return torch.device("cpu" if self.device == "cpu" else f"cuda:{self.device}")


def choose_hardware(requested: str) -> Hardware:
    """Resolve ``train_config.device`` to the hardware of this machine.

    Counts only the GPUs that ``CUDA_VISIBLE_DEVICES`` leaves visible, from 0.
    Raises: InvalidInput if there is no such GPU.
    """
    device = _device(requested)
    if device == "cpu":
        # Loader processes would compete with the training for the same cores.
        return Hardware(device, "fp32", 0)
    return Hardware(device, _precision(int(device)), min(8, os.cpu_count() or 1))


def _device(requested: str) -> str:
    count = torch.cuda.device_count()
    if requested == "auto":
        return str(_gpu_with_most_memory(count)) if count else "cpu"
    index = requested.removeprefix("cuda:")
    if index != "cpu" and int(index) >= count:
        raise InvalidInput(
            f"There is no GPU {index} here ({count} found). Choose the device “auto”.",
            "train_config.device",
        )
    return index


@cache
def _gpu_with_most_memory(count: int) -> int:
    """Returns the GPU with the most free memory; the process keeps its first answer."""
    if count == 1:
        return 0
    free_bytes = _free_bytes()
    return free_bytes.index(max(free_bytes)) if free_bytes else 0


def _free_bytes() -> list[int]:
    """Returns the free memory of each visible GPU; empty if the query fails.

    Runs in a process of its own: the query allocates hundreds of megabytes on every GPU until
    its process ends.
    """
    command = [sys.executable, "-c", _FREE_MEMORY_PROGRAM]
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=_FREE_MEMORY_TIMEOUT_S
        )
    except (subprocess.SubprocessError, OSError) as error:
        _log.warning("cannot read the GPUs' free memory, taking the first: %s", error)
        return []
    return [int(number) for number in json.loads(answer.stdout)]


def _precision(index: int) -> Precision:
    """Returns bf16 if the GPU supports it, else fp16 where it works reliably, else fp32."""
    with torch.cuda.device(index):
        if torch.cuda.is_bf16_supported(including_emulation=False):
            return "bf16"
        tensor_cores = torch.cuda.get_device_capability()[0] >= 7
        reliable = not _BROKEN_FP16.search(torch.cuda.get_device_name())
    return "fp16" if tensor_cores and reliable else "fp32"
