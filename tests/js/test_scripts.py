"""The scripts of the screens: their own unit tests, their types, and the linter."""

import filecmp
import json
import subprocess
from pathlib import Path

import pytest

from tests.node import node

REPO = Path(__file__).resolve().parents[2]
PACKAGES = REPO / "node_modules"
TOOLS = PACKAGES / ".bin"
VENDOR = REPO / "pages" / "_shared" / "vendor"
DEADLINE_S = 300


def run(*command: str) -> None:
    done = subprocess.run(
        command, cwd=REPO, capture_output=True, text=True, timeout=DEADLINE_S, check=False
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]


def tool(name: str) -> str:
    path = TOOLS / name
    return str(path) if path.exists() else pytest.fail(f"there is no {name}: run `make setup`")


def test_unit_tests_of_the_scripts_pass() -> None:
    tests = sorted(str(path) for path in Path(__file__).parent.glob("*.test.js"))
    assert tests
    run(node(), "--test", *tests)


def test_types_of_the_scripts_hold() -> None:
    run(node(), tool("tsc"), "--project", "tests/js/tsconfig.json")


def test_linter_finds_nothing_in_the_scripts() -> None:
    run(node(), tool("eslint"), "--config", "tests/js/eslint.config.js", "pages", "tests/js")


def test_root_of_the_api_is_known_in_one_place() -> None:
    scripts = [*(REPO / "pages").rglob("*.js")]
    naming = {path.name for path in scripts if "/api/" in path.read_text("utf-8")}
    assert naming == {"api.js"}


@pytest.mark.parametrize(
    ("vendored", "packed"),
    [("tus.min.js", "dist/tus.min.js"), ("tus-js-client.LICENSE", "LICENSE")],
)
def test_vendored_script_is_that_of_the_pinned_package(vendored: str, packed: str) -> None:
    pinned = json.loads((REPO / "package.json").read_text())["dependencies"]["tus-js-client"]
    package = PACKAGES / "tus-js-client"
    if not package.exists():
        pytest.fail("there is no tus-js-client: run `make setup`")
    assert json.loads((package / "package.json").read_text())["version"] == pinned
    is_same = filecmp.cmp(VENDOR / vendored, package / packed, shallow=False)
    assert is_same, f"copy {packed} of the package anew"
