"""The house of the design: who may import whom."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]

FLOW = (
    "formats",
    "video",
    "annotations",
    "tracking",
    "propagation",
    "training_sets",
    "detectors",
    "inference",
    "evaluation",
    "training",
    "exports",
)
"""The rooms of the work, in its order: a room uses only those before it."""

GROUND, CARRYING, ROOM, SERVICE, WEB, TOP = range(6)
LEVELS = {
    "tpod_core.box_arrays": GROUND,
    "tpod_core.config": GROUND,
    "tpod_core.errors": GROUND,
    "tpod_core.geometry": GROUND,
    "tpod_core.log": GROUND,
    "tpod_core.log_context": GROUND,
    "tpod_core.log_lines": GROUND,
    "tpod_core.models": GROUND,
    "tpod_core.names": GROUND,
    "tpod_core": CARRYING,
    **{f"tpod_core.{room}": ROOM for room in FLOW},
    "tpod_core.services": SERVICE,
    "tpod_core.web": WEB,
    "tpod_core.__main__": TOP,
    "tpod_core.commands": TOP,
    "tpod_core.entry_points": TOP,
    "workers": TOP,
    "pages": TOP,
    "app": TOP,
}
"""The level of a module is that of the longest prefix listed here."""

NAMED_UPWARD = {
    ("tpod_core.detectors.registry", "tpod_core.training.rtdetr_provider"),
    ("tpod_core.detectors.registry", "tpod_core.training.torchvision_provider"),
    ("tpod_core.detectors.registry", "tpod_core.training.ultralytics_provider"),
    ("tpod_core.embedded.supervisor", "workers.main"),
    ("tpod_core.queue", "workers.registry"),
}
"""Modules named by text where an import would point upward: what RQ calls, the programs that are
started with ``python -m``, and the registries of providers and of job ends."""

ONLY_IN = {
    "streamlit": ("pages", "app"),
    "streamlit_drawable_canvas": ("pages",),
    "rq": ("tpod_core.queue", "workers.main", "workers.delivered_job"),
    "redis": ("tpod_core.queue",),
    "torch": ("tpod_core.training", "tpod_core.exports"),
    "torchvision": ("tpod_core.training", "tpod_core.exports"),
    "torchmetrics": ("tpod_core.training",),
    "ultralytics": (
        "tpod_core.training",
        "tpod_core.evaluation.average_precision",
        "tpod_core.inference.association",
        "tpod_core.detectors.ultralytics_setup",
    ),
    "fastapi": ("tpod_core.web",),
    "av": ("tpod_core.video", "tpod_core.inference.predict"),
    "openvino": ("tpod_core.exports",),
    "tensorflow": ("tpod_core.exports",),
    "onnx2tf": ("tpod_core.exports",),
    "tensorboard": ("tpod_core.training.events", "tpod_core.tensorboard"),
}
"""Packages that one room alone may import."""

MAX_MODULE_LINES = 400


def level_of(module: str) -> int:
    matching = [name for name in LEVELS if module == name or module.startswith(name + ".")]
    return LEVELS[max(matching, key=len)]


def place_in_flow(module: str) -> int | None:
    """The position of a module's room among ``FLOW``; ``None`` outside these rooms."""
    room = module.removeprefix("tpod_core.").split(".")[0]
    return FLOW.index(room) if level_of(module) == ROOM else None


def points_upward(module: str, target: str) -> bool:
    if level_of(module) != level_of(target):
        return level_of(module) < level_of(target)
    own, other = place_in_flow(module), place_in_flow(target)
    return own is not None and other is not None and own < other


def sources() -> list[Path]:
    rooms = [REPO / "tpod_core", REPO / "workers", REPO / "pages"]
    return [REPO / "app.py", *(path for room in rooms for path in sorted(room.rglob("*.py")))]


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(REPO).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_name(path) for path in sources()}


@cache
def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def named_by_text(path: Path) -> set[str]:
    """Our modules whose dotted names stand in the strings of a module, docstrings left out."""
    strings = {
        node.value
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    dotted = (re.fullmatch(r"(\w+(?:\.\w+)+)(?::\w+)?", text) for text in strings)
    return {found for match in dotted if match and (found := module_of(match[1]))}


def module_of(name: str) -> str:
    """The module in which a dotted name lies; empty if it is none of ours."""
    while name and name not in MODULES:
        name = name.rpartition(".")[0]
    return name


def test_modules_use_only_what_lies_below_them() -> None:
    upward = {
        (module_name(path), module)
        for path in sources()
        for each in imports(path)
        if (module := module_of(each)) and points_upward(module_name(path), module)
    }
    assert not upward


def test_modules_named_by_text_upward_are_the_few_that_must_be() -> None:
    found = {
        (module_name(path), named)
        for path in sources()
        for named in named_by_text(path)
        if points_upward(module_name(path), named)
    }
    assert found == NAMED_UPWARD


def test_modules_stay_short() -> None:
    long = {
        module_name(path): lines
        for path in sources()
        if "migrations" not in path.parts
        and (lines := len(path.read_text().splitlines())) > MAX_MODULE_LINES
    }
    assert not long


def is_in(module: str, rooms: Iterable[str]) -> bool:
    return any(module == room or module.startswith(room + ".") for room in rooms)


def test_modules_leave_guarded_packages_to_their_room() -> None:
    foreign = {
        (module_name(path), package)
        for path in sources()
        for imported in imports(path)
        if (package := imported.split(".")[0]) in ONLY_IN
        and not is_in(module_name(path), ONLY_IN[package])
    }
    assert not foreign


def test_services_do_not_import_each_other() -> None:
    """A page, a route or a job composes them."""
    others = {
        (module_name(path), imported)
        for path in sources()
        if module_name(path).startswith("tpod_core.services.")
        for imported in imports(path)
        if imported.startswith("tpod_core.services.")
        and not is_in(imported, [".".join(module_name(path).split(".")[:3])])
    }
    assert not others


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


def test_shared_modules_are_used_by_two_screens() -> None:
    shared = (REPO / "pages" / "_shared").glob("[a-z]*.py")
    lonely = {path.name: found for path in shared if len(found := screens_using(path)) < 2}
    assert not lonely, "a module that one screen uses belongs to its folder"


def test_screens_use_their_own_folder_and_the_shared_one() -> None:
    foreign = {
        (module_name(path), name)
        for path in (REPO / "pages").rglob("*.py")
        for name in imports(path)
        if name.startswith("pages._")
        and name.split(".")[1] not in {"_shared", f"_{screen_of(path)}"}
    }
    assert not foreign


def test_what_runs_without_its_page_looks_up_the_user() -> None:
    """A fragment, a dialog or a callback would keep the user of the page's last full run."""
    offenders = []
    for path in (REPO / "pages").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and any(
                "st.dialog" in ast.unparse(each) for each in node.decorator_list
            ):
                if any(argument.arg == "user" for argument in node.args.args):
                    offenders.append(f"{path.name}: the dialog {node.name} takes a user")
            elif isinstance(node, ast.Call):
                given = {word.arg: ast.unparse(word.value) for word in node.keywords}
                if "user" in given.get("args", "").strip("()").replace(" ", "").split(","):
                    offenders.append(f"{path.name}: the callback {given.get('on_click')}")
    own = {"acting.py", "canvas_stage.py"}  # the latter's fragment only reruns the page
    offenders += [
        f"{path.name}: st.fragment"
        for path in (REPO / "pages").rglob("*.py")
        if "st.fragment" in path.read_text() and path.name not in own
    ]
    assert not offenders, "use pages/_shared/acting.py"


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


def test_box_passes_at_most_eight_files_from_the_pointer_to_the_row() -> None:
    """Each file of the README's list calls the next one; an event and HTTP link the other two."""
    _, _, rest = (REPO / "README.md").read_text().partition("The path of a box")
    path = [REPO / name for name in re.findall(r"^\d\. `([^`]+)`", rest, re.MULTILINE)]
    assert 2 < len(path) <= 8
    linked_by_events = {"drawing_controller", "edit_request"}
    for file, following in pairwise(path):
        named = re.search(rf"\b({following.stem}|{following.parent.name})\b", file.read_text())
        assert named or file.stem in linked_by_events, f"{file.name} does not call {following.name}"
