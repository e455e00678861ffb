"""The GPUs of this host, and which of them each training worker may see.

Asked of the driver's own tool: torch would take seconds and memory in a process that never
computes.
"""

import os
import re
import subprocess
from collections.abc import Sequence

VISIBLE = "CUDA_VISIBLE_DEVICES"
_ANSWERS_WITHIN_S = 20
_GPU = re.compile(r"^GPU \d+: .*\(UUID: (GPU-[^)]+)\)")
_PART = re.compile(r"^\s+MIG .*\(UUID: (MIG-[^)]+)\)")


def visible_gpus() -> tuple[str, ...]:
    """What ``CUDA_VISIBLE_DEVICES`` may name here, one by one; empty on a host without a GPU.

    A variable that is set already restricts us too. Source: CUDA C++ Programming Guide,
    "CUDA Environment Variables": what stands behind an invalid number is not visible.
    """
    restricted = os.environ.get(VISIBLE)
    if restricted is None:
        return parse_list(_nvidia_smi())
    names = [name.strip() for name in restricted.split(",")]
    invalid = next((i for i, name in enumerate(names) if name in ("", "-1")), len(names))
    return tuple(names[:invalid])


def parse_list(listing: str) -> tuple[str, ...]:
    """The devices in the answer of ``nvidia-smi -L``; of a divided GPU, its parts."""
    devices: list[str] = []
    divided: set[str] = set()
    whole = ""
    for line in listing.splitlines():
        if gpu := _GPU.match(line):
            whole = gpu[1]
            devices.append(whole)
        elif part := _PART.match(line):
            divided.add(whole)
            devices.append(part[1])
    return tuple(name for name in devices if name not in divided)


def share(gpus: Sequence[str], workers: int) -> list[tuple[str, ...]]:
    """The GPUs of each of ``workers``: all are used, and none twice unless there are too few."""
    if not gpus:
        return [()] * workers
    if workers > len(gpus):
        return [(gpus[worker % len(gpus)],) for worker in range(workers)]
    return [tuple(gpus[worker::workers]) for worker in range(workers)]


def _nvidia_smi() -> str:
    """Empty where there is no driver, or it does not answer."""
    try:
        answer = subprocess.run(
            ("nvidia-smi", "-L"),  # noqa: S607 - drivers install it in many places, all on PATH
            capture_output=True,
            text=True,
            timeout=_ANSWERS_WITHIN_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout if answer.returncode == 0 else ""
