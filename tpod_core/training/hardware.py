"""The device that a training runs on, its precision, and who loads its pictures."""

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

_ASK_FREE_BYTES = (
    "import json, torch; n = torch.cuda.device_count(); "
    "print(json.dumps([torch.cuda.mem_get_info(i)[0] for i in range(n)]))"
)
_ASK_TIMEOUT_S = 60

_BAD_HALVES = re.compile(r"16[3-6]0|T400|T5[05]0|T600|T1000|T1200|T2000", re.IGNORECASE)
"""GPUs whose fp16 gives NaN losses. Source: Ultralytics' list in ``checks.check_amp``."""

_log = get_logger(__name__)


@dataclass(frozen=True)
class Hardware:
    """``device`` is ``"cpu"`` or the number of a GPU among those that CUDA shows us."""

    device: str
    precision: Precision
    loader_workers: int

    @property
    def torch_device(self) -> torch.device:
        return torch.device("cpu" if self.device == "cpu" else f"cuda:{self.device}")


def choose_hardware(wanted: str) -> Hardware:
    """What ``train_config.device`` comes to here.

    Only the GPUs that ``CUDA_VISIBLE_DEVICES`` leaves visible count, numbered from 0.
    Raises: InvalidInput if there is no such GPU.
    """
    device = _device(wanted)
    if device == "cpu":
        # Loader processes would compete with the training for the same cores.
        return Hardware(device, "fp32", 0)
    return Hardware(device, _precision(int(device)), min(8, os.cpu_count() or 1))


def _device(wanted: str) -> str:
    count = torch.cuda.device_count()
    if wanted == "auto":
        return str(_freest_gpu(count)) if count else "cpu"
    index = wanted.removeprefix("cuda:")
    if index != "cpu" and int(index) >= count:
        raise InvalidInput(
            f"There is no GPU {index} here ({count} found). Choose the device “auto”.",
            "train_config.device",
        )
    return index


@cache
def _freest_gpu(count: int) -> int:
    """The GPU with the most free memory when this process first asks; it stays with that one."""
    if count == 1:
        return 0
    free_bytes = _free_bytes()
    return free_bytes.index(max(free_bytes)) if free_bytes else 0


def _free_bytes() -> list[int]:
    """Per visible GPU; none if they cannot be asked.

    A process of its own asks: the question alone takes hundreds of megabytes on every GPU, for
    as long as the asking process lives.
    """
    command = [sys.executable, "-c", _ASK_FREE_BYTES]
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=_ASK_TIMEOUT_S
        )
    except (subprocess.SubprocessError, OSError) as error:
        _log.warning("cannot ask the GPUs for their free memory, taking the first: %s", error)
        return []
    return [int(number) for number in json.loads(answer.stdout)]


def _precision(index: int) -> Precision:
    """bf16 where the GPU computes in it, else fp16 where that is known to be sound."""
    with torch.cuda.device(index):
        if torch.cuda.is_bf16_supported(including_emulation=False):
            return "bf16"
        tensor_cores = torch.cuda.get_device_capability()[0] >= 7
        sound = not _BAD_HALVES.search(torch.cuda.get_device_name())
    return "fp16" if tensor_cores and sound else "fp32"
