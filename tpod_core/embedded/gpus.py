"""Lists the GPUs of this host and divides them among the training workers.

Uses the driver's tool: torch would cost seconds and memory in a process that never computes.
"""

import os
import re
import subprocess
from collections.abc import Sequence

VISIBLE = "CUDA_VISIBLE_DEVICES"
_TIMEOUT_S = 20
_GPU = re.compile(r"^GPU \d+: .*\(UUID: (GPU-[^)]+)\)")
_MIG_DEVICE = re.compile(r"^\s+MIG .*\(UUID: (MIG-[^)]+)\)")


def visible_gpus() -> tuple[str, ...]:
    """Returns the names that ``CUDA_VISIBLE_DEVICES`` may list; empty without a GPU.

    If the variable is already set, it restricts the list. Source: CUDA C++ Programming Guide,
    "CUDA Environment Variables": devices after an invalid index are not visible.
    """
    restricted = os.environ.get(VISIBLE)
    if restricted is None:
        return parse_list(_nvidia_smi())
    names = [name.strip() for name in restricted.split(",")]
    invalid = next((i for i, name in enumerate(names) if name in ("", "-1")), len(names))
    return tuple(names[:invalid])


def parse_list(listing: str) -> tuple[str, ...]:
    """Returns the devices listed by ``nvidia-smi -L``; for a divided GPU, its MIG devices."""
    devices: list[str] = []
    divided: set[str] = set()
    current = ""
    for line in listing.splitlines():
        if gpu := _GPU.match(line):
            current = gpu[1]
            devices.append(current)
        elif part := _MIG_DEVICE.match(line):
            divided.add(current)
            devices.append(part[1])
    return tuple(name for name in devices if name not in divided)


def share(gpus: Sequence[str], workers: int) -> list[tuple[str, ...]]:
    """Divide the GPUs among ``workers``; workers share a GPU only if there are too few."""
    if not gpus:
        return [()] * workers
    if workers > len(gpus):
        return [(gpus[worker % len(gpus)],) for worker in range(workers)]
    return [tuple(gpus[worker::workers]) for worker in range(workers)]


def _nvidia_smi() -> str:
    """Returns the list of GPUs; empty without a driver or if it does not answer in time."""
    try:
        answer = subprocess.run(
            ("nvidia-smi", "-L"),  # noqa: S607 - drivers install it in many places, all on PATH
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout if answer.returncode == 0 else ""
