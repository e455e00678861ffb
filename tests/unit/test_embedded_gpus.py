"""One training worker per GPU, each with GPUs of its own."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tpod_core.config import get_settings
from tpod_core.embedded import app_registry, gpus
from tpod_core.embedded.app_registry import Registration, WorkerSpec, read_registry, worker_spec
from tpod_core.embedded.gpus import parse_list, share, visible_gpus
from tpod_core.embedded.supervisor import _worker_commands

TWO_GPUS = """\
GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-aaaa)
GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-bbbb)
"""
ONE_DIVIDED = """\
GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-aaaa)
  MIG 1g.5gb      Device  0: (UUID: MIG-1111)
  MIG 1g.5gb      Device  1: (UUID: MIG-2222)
GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-bbbb)
"""


@pytest.fixture
def no_restriction(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


def driver_says(monkeypatch: pytest.MonkeyPatch, stdout: str, returncode: int = 0) -> None:
    def run(command: Any, **options: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, returncode, stdout)

    monkeypatch.setattr(gpus.subprocess, "run", run)


@pytest.mark.parametrize(
    ("listing", "expected"),
    [
        ("", ()),
        (TWO_GPUS, ("GPU-aaaa", "GPU-bbbb")),
        (ONE_DIVIDED, ("MIG-1111", "MIG-2222", "GPU-bbbb")),
    ],
    ids=["none", "two", "one divided"],
)
def test_devices_are_read_from_the_driver_s_list(listing: str, expected: tuple[str, ...]) -> None:
    assert parse_list(listing) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("2,0", ("2", "0")), ("", ()), ("-1", ()), ("1,-1,0", ("1",)), ("GPU-bbbb", ("GPU-bbbb",))],
)
def test_restriction_that_is_set_already_counts(
    monkeypatch: pytest.MonkeyPatch, value: str, expected: tuple[str, ...]
) -> None:
    driver_says(monkeypatch, TWO_GPUS)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", value)
    assert visible_gpus() == expected


@pytest.mark.usefixtures("no_restriction")
def test_host_without_a_driver_has_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert visible_gpus() == ()


@pytest.mark.usefixtures("no_restriction")
def test_driver_that_fails_or_hangs_counts_as_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    driver_says(monkeypatch, "NVIDIA-SMI has failed", returncode=9)
    assert visible_gpus() == ()

    def hang(command: Any, **options: Any) -> None:
        raise subprocess.TimeoutExpired(command, options["timeout"])

    monkeypatch.setattr(gpus.subprocess, "run", hang)
    assert visible_gpus() == ()


@pytest.mark.parametrize(
    ("workers", "expected"),
    [
        (1, [("a", "b", "c")]),
        (2, [("a", "c"), ("b",)]),
        (3, [("a",), ("b",), ("c",)]),
        (4, [("a",), ("b",), ("c",), ("a",)]),
    ],
)
def test_gpus_are_shared_out(workers: int, expected: list[tuple[str, ...]]) -> None:
    assert share("abc", workers) == expected


def test_without_gpus_workers_are_not_restricted() -> None:
    assert share((), 2) == [(), ()]


@pytest.mark.parametrize(
    ("found", "setting", "low"),
    [((), "", 1), (("0",), "", 1), (("0", "1"), "", 2), (("0", "1"), "1", 1), ((), "3", 3)],
    ids=["no GPU", "one GPU", "two GPUs", "two GPUs, one worker asked", "three workers asked"],
)
def test_training_workers_are_as_many_as_gpus_unless_told(
    home: Path, monkeypatch: pytest.MonkeyPatch, found: tuple[str, ...], setting: str, low: int
) -> None:
    monkeypatch.setattr(app_registry, "visible_gpus", lambda: found)
    if setting:
        monkeypatch.setenv("TPOD_LOW_WORKERS", setting)
    get_settings.cache_clear()
    order = worker_spec(get_settings())
    assert order.queues == (*["default"] * 3, "background", *["low"] * low)
    assert sorted(gpu for worker in order.gpus for gpu in worker) == sorted(found)


def test_every_training_worker_sees_its_gpu_alone_and_the_others_all() -> None:
    order = WorkerSpec(("default", "low", "low"), (("GPU-aaaa",), ("GPU-bbbb",)))
    seen = {
        name: command.environment.get("CUDA_VISIBLE_DEVICES")
        for name, command in _worker_commands(order).items()
    }
    assert seen == {"default 1": None, "low 1": "GPU-aaaa", "low 2": "GPU-bbbb"}


def test_order_with_gpus_reaches_the_supervisor(tmp_path: Path) -> None:
    order = WorkerSpec(("low", "low"), (("0", "1"), ("2",)))
    registration = Registration(tmp_path, order)
    assert read_registry(tmp_path).workers == order
    registration.close()
