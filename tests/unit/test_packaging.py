"""pyproject.toml, the lock, the licence, and where an installed TPOD finds its things."""

import ast
import hashlib
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tests.base_python import REPO, closure, direct_requirements, normalised
from tpod_core import __version__, config, training_packages
from tpod_core.commands.run import streamlit_command
from tpod_core.config import Settings
from tpod_core.entry_points import tpod

PYPROJECT = tomllib.loads((REPO / "pyproject.toml").read_text())
LOCK = REPO / "requirements.txt"
SOURCES = sorted(
    [
        REPO / "app.py",
        *(p for room in ("tpod_core", "workers", "pages") for p in (REPO / room).rglob("*.py")),
    ]
)

AGPL_3_SHA256 = "0d96a4ff68ad6d4b6f1f30f713b18d5184912ba8dd389f86aa7710db079abcb0"
"""Of www.gnu.org/licenses/agpl-3.0.txt."""

OF_ANOTHER_ENVIRONMENT = {"tensorflow", "onnx2tf", "ai_edge_litert"}
"""Imported in .venv-tensorflow alone."""


def locked() -> dict[str, Requirement]:
    lines = (line for line in LOCK.read_text().splitlines() if line[:1].strip(" #"))
    return {normalised(each.name): each for each in map(Requirement, lines)}


def locked_version(name: str) -> Version:
    [specifier] = locked()[normalised(name)].specifier
    return Version(specifier.version)


def every_direct_requirement() -> list[Requirement]:
    return [*direct_requirements(), *direct_requirements("train")]


@pytest.mark.parametrize("wanted", every_direct_requirement(), ids=lambda each: each.name)
def test_lock_satisfies_direct_dependency(wanted: Requirement) -> None:
    assert locked_version(wanted.name) in wanted.specifier


def test_lock_pins_every_line() -> None:
    loose = [
        name
        for name, each in locked().items()
        if [one.operator for one in each.specifier] != ["=="] or "*" in str(each.specifier)
    ]
    assert loose == []


def test_lock_is_complete() -> None:
    assert closure(every_direct_requirement()) - locked().keys() == set()


def test_lock_names_no_place_to_fetch_from() -> None:
    assert not re.search(r"://|--\w", LOCK.read_text())


def test_openvino_is_the_same_for_a_clone_and_for_the_extra() -> None:
    lines = (REPO / "requirements-export-openvino.txt").read_text().splitlines()
    asked = [Requirement(line) for line in lines if not line.startswith("#")]
    assert asked == direct_requirements("openvino")


def test_every_package_that_we_import_is_a_direct_dependency() -> None:
    declared = {
        normalised(each.name)
        for each in [*every_direct_requirement(), *direct_requirements("openvino")]
    }
    providers = packages_distributions()
    missing = {
        name
        for name in imported_packages() - OF_ANOTHER_ENVIRONMENT
        if not declared & {normalised(each) for each in providers.get(name, ())}
    }
    assert missing == set()


def imported_packages() -> set[str]:
    ours = {"app", "pages", "tpod_core", "workers"}
    nodes = [node for path in SOURCES for node in ast.walk(ast.parse(path.read_text()))]
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module]
    return {name.partition(".")[0] for name in names} - ours - sys.stdlib_module_names


def test_host_that_can_train_is_one_with_the_whole_extra() -> None:
    providers = packages_distributions()
    looked_for = {normalised(providers[name][0]) for name in training_packages.MODULES}
    assert looked_for == {normalised(each.name) for each in direct_requirements("train")}


def test_version_has_one_source() -> None:
    assert "version" in PYPROJECT["project"]["dynamic"]
    source = REPO / PYPROJECT["tool"]["hatch"]["version"]["path"]
    assert f'__version__ = "{__version__}"' in source.read_text()


def test_changelog_begins_with_this_version() -> None:
    headings = re.findall(r"^## (.*)$", (REPO / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert re.fullmatch(rf"{re.escape(__version__)} \(\d{{4}}-\d\d-\d\d\)", headings[0])


def test_licence_is_the_unmodified_agpl() -> None:
    assert PYPROJECT["project"]["license"] == "AGPL-3.0-or-later"
    assert hashlib.sha256((REPO / "LICENSE").read_bytes()).hexdigest() == AGPL_3_SHA256


def test_clone_keeps_its_data_beside_its_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TPOD_DATA_DIR", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", "/elsewhere")
    assert Settings().data_dir == REPO / "data"


@pytest.mark.parametrize(
    ("data_home", "expected"),
    [
        pytest.param("/elsewhere", "/elsewhere/tpod", id="set"),
        pytest.param(None, "/home/ada/.local/share/tpod", id="not set"),
        pytest.param("", "/home/ada/.local/share/tpod", id="empty"),
        pytest.param("share", "/home/ada/.local/share/tpod", id="relative, which is invalid"),
    ],
)
def test_installed_tpod_keeps_its_data_in_the_xdg_data_home(
    monkeypatch: pytest.MonkeyPatch, data_home: str | None, expected: str
) -> None:
    monkeypatch.setattr(config, "IS_INSTALLED", True)
    monkeypatch.delenv("TPOD_DATA_DIR", raising=False)
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    if data_home is not None:
        monkeypatch.setenv("XDG_DATA_HOME", data_home)
    assert Settings().data_dir == Path(expected)


def test_data_directory_in_the_settings_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "IS_INSTALLED", True)
    monkeypatch.setenv("TPOD_DATA_DIR", "/srv/tpod")
    assert Settings().data_dir == Path("/srv/tpod")


def test_run_passes_on_only_what_was_asked_for() -> None:
    app = str(REPO / "app.py")
    assert streamlit_command(None, None)[-2:] == ("run", app)
    asked = streamlit_command(9000, "127.0.0.1")
    assert asked[-3:] == (app, "--server.port=9000", "--server.address=127.0.0.1")


def test_tpod_alone_lists_its_commands(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["tpod"])
    with pytest.raises(SystemExit):
        tpod()
    assert re.search(r"^ +run +Serve TPOD", capsys.readouterr().out, re.MULTILINE)


def test_tpod_refuses_a_command_that_it_does_not_know(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["tpod", "fly"])
    with pytest.raises(SystemExit, match="2"):
        tpod()
    assert "fly" in capsys.readouterr().err
