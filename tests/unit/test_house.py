"""The house of the design: who may import whom."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]

LEVELS = {
    "tpod_core.models": 0,
    "tpod_core.geometry": 0,
    "tpod_core.config": 0,
    "tpod_core.errors": 0,
    "tpod_core.log": 0,
    "tpod_core.services": 2,
    "tpod_core.web": 3,
    "tpod_core.commands": 4,
    "tpod_core.entry_points": 4,
    "tpod_core.__main__": 4,
    "tpod_core": 1,
    "workers": 4,
    "pages": 4,
    "app": 4,
}
"""The level of a module is that of the longest prefix listed here."""

ONLY_IN = {
    "streamlit": ("pages", "app"),
    "streamlit_drawable_canvas": ("pages",),
    "rq": ("tpod_core.queue", "workers.main"),
    "redis": ("tpod_core.queue",),
    "torch": ("tpod_core.detectors",),
    "torchvision": ("tpod_core.detectors",),
    "ultralytics": ("tpod_core.detectors",),
    "fastapi": ("tpod_core.web",),
    "av": ("tpod_core.video",),
    "openvino": ("tpod_core.exports",),
    "tensorflow": ("tpod_core.exports",),
    "onnx2tf": ("tpod_core.exports",),
    "tensorboard": ("tpod_core.training.events", "tpod_core.tensorboard"),
}
"""Packages that one room alone may import."""


def level_of(module: str) -> int:
    matching = [name for name in LEVELS if module == name or module.startswith(name + ".")]
    return LEVELS[max(matching, key=len)]


def sources() -> list[Path]:
    rooms = [REPO / "tpod_core", REPO / "workers", REPO / "pages"]
    return [REPO / "app.py", *(path for room in rooms for path in sorted(room.rglob("*.py")))]


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(REPO).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


@pytest.mark.parametrize("path", sources(), ids=module_name)
def test_module_imports_only_its_own_level_and_below(path: Path) -> None:
    own_level = level_of(module_name(path))
    ours = [
        name for name in imports(path) if name.split(".")[0] in {"tpod_core", "workers", "pages"}
    ]
    upward = [name for name in ours if level_of(name) > own_level]
    assert not upward, f"{module_name(path)} (level {own_level}) imports upward: {upward}"


@pytest.mark.parametrize("path", sources(), ids=module_name)
def test_module_leaves_guarded_packages_to_their_room(path: Path) -> None:
    name = module_name(path)
    for imported in imports(path):
        rooms = ONLY_IN.get(imported.split(".")[0])
        allowed = rooms is None or any(name == r or name.startswith(r + ".") for r in rooms)
        # A file of the zip that people download stands alone and follows its own rules.
        assert allowed, f"{name} imports {imported}, which belongs to {rooms}"


@pytest.mark.parametrize("path", sources(), ids=module_name)
def test_services_do_not_import_each_other(path: Path) -> None:
    name = module_name(path)
    if not name.startswith("tpod_core.services."):
        return
    own = ".".join(name.split(".")[:3])
    others = [
        imported
        for imported in imports(path)
        if imported.startswith("tpod_core.services.") and not imported.startswith(own)
    ]
    assert not others, f"{name} imports {others}: let a page, a route or a job compose them"


def test_importing_every_service_and_route_loads_no_heavy_package() -> None:
    program = """
import importlib, pkgutil, sys
import tpod_core.services, tpod_core.web
for package in (tpod_core.services, tpod_core.web):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)
heavy = {"torch", "torchvision", "ultralytics", "streamlit", "onnxruntime", "matplotlib"}
heavy |= {"tensorboard", "openvino"}
print(sorted(heavy & set(sys.modules)))
"""
    loaded = subprocess.run(
        [sys.executable, "-c", program], cwd=REPO, capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "[]"


def test_entry_point_stays_small() -> None:
    assert len((REPO / "app.py").read_text().splitlines()) <= 60


def test_pages_stay_conversations() -> None:
    long = {
        path.name: lines
        for path in (REPO / "pages").glob("*.py")
        if (lines := len(path.read_text().splitlines())) > 200
    }
    assert not long, f"a page is a conversation of about 150 lines: {long}"


def screens_using(path: Path) -> set[str]:
    """The screens that import a module of ``pages/_shared``, directly or through another one."""
    name, found = module_name(path), set()
    for other in (REPO / "pages").rglob("*.py"):
        if other != path and any((one + ".").startswith(name + ".") for one in imports(other)):
            is_shared = other.parent.name == "_shared"
            found |= screens_using(other) if is_shared else {screen_of(other)}
    return found


def screen_of(path: Path) -> str:
    """``labeling`` for ``pages/labeling.py`` and for everything in ``pages/_labeling/``."""
    return path.relative_to(REPO / "pages").parts[0].removeprefix("_").removesuffix(".py")


SHARED = sorted((REPO / "pages" / "_shared").glob("[a-z]*.py"))


@pytest.mark.parametrize("path", SHARED, ids=module_name)
def test_shared_module_is_used_by_two_screens(path: Path) -> None:
    screens = screens_using(path)
    assert len(screens) > 1, f"{path.name} belongs to the folder of {screens}"


@pytest.mark.parametrize("path", sorted((REPO / "pages").rglob("*.py")), ids=module_name)
def test_screen_uses_its_own_folder_and_the_shared_one(path: Path) -> None:
    allowed = {"_shared", f"_{screen_of(path)}"}
    foreign = [
        name
        for name in imports(path)
        if name.startswith("pages._") and name.split(".")[1] not in allowed
    ]
    assert not foreign, f"{module_name(path)} imports {foreign}"


def test_top_level_holds_only_what_the_design_names() -> None:
    named = {
        "app.py",
        "pages",
        "tpod_core",
        "workers",
        "data",
        "tests",
        "requirements.txt",
        "requirements-dev.txt",
        "requirements-export-openvino.txt",
        "requirements-export-tensorflow.txt",
        "README.md",
        "LICENSE",
        "Makefile",
        "package.json",
        "benchmarks",
        "pyproject.toml",
        ".streamlit",
        ".ci",
        ".gitignore",
        ".pre-commit-config.yaml",
        "CHANGELOG.md",
        "deploy",
    }
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=REPO, capture_output=True, text=True, check=True
    ).stdout.split("\n")
    assert {path.split("/")[0] for path in tracked if path} <= named
