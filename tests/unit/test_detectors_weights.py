"""Where the weights to start from come from, and what happens when they do not."""

from pathlib import Path

import pytest

from tpod_core.config import Settings
from tpod_core.detectors import weights
from tpod_core.detectors.weights import resolve_start


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, weights_dir=tmp_path / "weights", weights_download=True)


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    directory = tmp_path / "release"
    directory.mkdir()
    monkeypatch.setattr(weights, "RELEASE_URL", directory.as_uri())
    return directory


def test_local_weights_are_taken_without_a_download(settings: Settings, tmp_path: Path) -> None:
    local = tmp_path / "weights" / "yolo26n.pt"
    local.parent.mkdir()
    local.write_bytes(b"local")
    start = resolve_start("yolo26n.pt", settings)
    assert (start.weights, start.warning) == (local, "")


def test_missing_weights_are_downloaded_once(settings: Settings, release: Path) -> None:
    content = b"w" * 200_000
    (release / "yolo26n.pt").write_bytes(content)
    first = resolve_start("yolo26n.pt", settings)
    (release / "yolo26n.pt").unlink()
    second = resolve_start("yolo26n.pt", settings)
    assert first == second
    assert first.weights is not None and first.weights.read_bytes() == content


@pytest.mark.parametrize("size_bytes", [None, 300], ids=["absent", "an error page"])
def test_failed_download_starts_at_random_with_a_warning(
    settings: Settings, release: Path, tmp_path: Path, size_bytes: int | None
) -> None:
    if size_bytes:
        (release / "yolo26n.pt").write_bytes(b"x" * size_bytes)
    start = resolve_start("yolo26n.pt", settings)
    assert start.weights is None
    assert "random weights" in start.warning
    assert str(tmp_path / "weights") in start.warning
    assert list((tmp_path / "weights").iterdir()) == []


def test_forbidden_download_is_not_tried(
    settings: Settings, release: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (release / "yolo26n.pt").write_bytes(b"w" * 200_000)
    start = resolve_start("yolo26n.pt", settings.model_copy(update={"weights_download": False}))
    assert start.weights is None
    assert "random weights" in start.warning
