"""Where the weights to start from come from, and what happens when they do not."""

import hashlib
from pathlib import Path

import pytest

from tpod_core.config import Settings
from tpod_core.detectors import registry
from tpod_core.detectors.weights import resolve_weights

CONTENT = b"w" * 200_000


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, weights_dir=tmp_path / "weights", weights_download=True)


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A directory that plays the publisher's site."""
    directory = tmp_path / "release"
    directory.mkdir()
    return directory


def url(release: Path, name: str = "yolo26n.pt") -> str:
    return f"{release.as_uri()}/{name}"


def test_local_weights_are_taken_without_a_download(settings: Settings, tmp_path: Path) -> None:
    local = tmp_path / "weights" / "yolo26n.pt"
    local.parent.mkdir()
    local.write_bytes(b"local")
    start = resolve_weights("https://example.invalid/yolo26n.pt", settings)
    assert (start.weights, start.warning) == (local, "")


def test_missing_weights_are_downloaded_once(settings: Settings, release: Path) -> None:
    (release / "yolo26n.pt").write_bytes(CONTENT)
    first = resolve_weights(url(release), settings)
    (release / "yolo26n.pt").unlink()
    second = resolve_weights(url(release), settings)
    assert first == second
    assert first.weights is not None and first.weights.read_bytes() == CONTENT


@pytest.mark.parametrize("size_bytes", [None, 300], ids=["absent", "an error page"])
def test_failed_download_starts_at_random_with_a_warning(
    settings: Settings, release: Path, tmp_path: Path, size_bytes: int | None
) -> None:
    if size_bytes:
        (release / "yolo26n.pt").write_bytes(b"x" * size_bytes)
    start = resolve_weights(url(release), settings)
    assert start.weights is None
    assert "random weights" in start.warning
    assert str(tmp_path / "weights") in start.warning
    assert list((tmp_path / "weights").iterdir()) == []


@pytest.mark.parametrize("honest", [True, False])
def test_download_must_hold_what_its_name_promises(
    settings: Settings, release: Path, honest: bool
) -> None:
    digest = hashlib.sha256(CONTENT).hexdigest()[:8] if honest else "0badc0de"
    (release / f"ssd-{digest}.pth").write_bytes(CONTENT)
    start = resolve_weights(url(release, f"ssd-{digest}.pth"), settings)
    assert (start.weights is not None) is honest


def test_forbidden_download_is_not_tried(settings: Settings, release: Path) -> None:
    (release / "yolo26n.pt").write_bytes(CONTENT)
    forbidding = settings.model_copy(update={"weights_download": False})
    start = resolve_weights(url(release), forbidding)
    assert start.weights is None
    assert "random weights" in start.warning


def test_family_without_published_weights_says_so(settings: Settings) -> None:
    start = resolve_weights(registry.get_type("rtdetr-resnet50").weights_url, settings)
    assert start.weights is None
    assert "none are published" in start.warning
