"""Which device a training takes; the GPUs are played where there are none."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
import torch

from tpod_core.errors import InvalidInput
from tpod_core.training import hardware
from tpod_core.training.hardware import Hardware, choose_hardware

pytestmark = pytest.mark.filterwarnings("ignore:::torch")


@pytest.fixture
def gpus(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """Three GPUs, the second with the most free memory; newer than bf16 unless told otherwise."""
    played = SimpleNamespace(free=[10, 30, 20], bf16=True, capability=(9, 0), name="NVIDIA H100")
    cuda = torch.cuda
    monkeypatch.setattr(cuda, "device_count", lambda: len(played.free))
    monkeypatch.setattr(cuda, "device", lambda index: contextlib.nullcontext())
    monkeypatch.setattr(cuda, "is_bf16_supported", lambda including_emulation: played.bf16)
    monkeypatch.setattr(cuda, "get_device_capability", lambda: played.capability)
    monkeypatch.setattr(cuda, "get_device_name", lambda: played.name)
    monkeypatch.setattr(hardware, "_free_bytes", lambda: played.free)
    hardware._gpu_with_most_memory.cache_clear()
    yield played
    hardware._gpu_with_most_memory.cache_clear()


def test_auto_takes_the_gpu_with_the_most_free_memory(gpus: SimpleNamespace) -> None:
    assert choose_hardware("auto").device == "1"


def test_process_stays_with_the_gpu_it_has_taken(gpus: SimpleNamespace) -> None:
    choose_hardware("auto")
    gpus.free = [90, 30, 20]
    assert choose_hardware("auto").device == "1"


def test_auto_takes_the_only_gpu_unasked(
    gpus: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    gpus.free = [10]
    monkeypatch.setattr(hardware, "_free_bytes", lambda: pytest.fail("nobody needs to ask"))
    assert choose_hardware("auto").device == "0"


def test_auto_takes_the_first_gpu_when_none_answers(
    gpus: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hardware, "_free_bytes", list)
    assert choose_hardware("auto").device == "0"


def test_gpus_that_cannot_be_asked_are_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "_FREE_MEMORY_PROGRAM", "raise SystemExit(3)")
    assert hardware._free_bytes() == []


def test_auto_without_a_gpu_is_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    assert choose_hardware("auto") == Hardware("cpu", "fp32", 0)


@pytest.mark.parametrize(("wanted", "device"), [("cpu", "cpu"), ("2", "2"), ("cuda:0", "0")])
def test_named_device_is_taken(gpus: SimpleNamespace, wanted: str, device: str) -> None:
    assert choose_hardware(wanted).device == device


def test_gpu_that_is_not_there_is_refused(gpus: SimpleNamespace) -> None:
    with pytest.raises(InvalidInput, match="There is no GPU 3 here"):
        choose_hardware("cuda:3")


@pytest.mark.parametrize(
    ("bf16", "capability", "name", "precision"),
    [
        (True, (9, 0), "NVIDIA H100", "bf16"),
        (False, (7, 5), "Tesla T4", "fp16"),
        (False, (7, 5), "NVIDIA GeForce GTX 1660 Ti", "fp32"),
        (False, (6, 1), "NVIDIA GeForce GTX 1080", "fp32"),
    ],
    ids=str,
)
def test_precision_is_what_the_gpu_computes_soundly(
    gpus: SimpleNamespace, bf16: bool, capability: tuple[int, int], name: str, precision: str
) -> None:
    gpus.bf16, gpus.capability, gpus.name = bf16, capability, name
    assert choose_hardware("0").precision == precision


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_only_visible_gpus_count() -> None:
    program = (
        "from tpod_core.training.hardware import choose_hardware; "
        "print(choose_hardware('auto').device)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program],
        env={"CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.strip() == "cpu"
