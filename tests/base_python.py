"""An environment with what ``pip install tpod`` brings, without the extra ``train``.

Nothing is downloaded: it borrows the distributions of the environment that the tests run in.
"""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

REPO = Path(__file__).resolve().parents[1]


def direct_requirements(extra: str | None = None) -> list[Requirement]:
    """What pyproject.toml asks for, or what one of its extras adds to that."""
    project = tomllib.loads((REPO / "pyproject.toml").read_text())["project"]
    listed = project["optional-dependencies"][extra] if extra else project["dependencies"]
    return [Requirement(line) for line in listed]


def make_base_python(directory: Path, *also: str) -> Path:
    """The interpreter of a new environment in ``directory``, without pip.

    Args:
        also: distributions that it has in addition, with what they need.
    """
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(directory)], check=True)
    [site] = directory.glob("lib/python*/site-packages")
    for name in closure([*direct_requirements(), *map(Requirement, also)]):
        _lend(distribution(name), site)
    return directory / "bin" / "python"


def closure(requirements: Iterable[Requirement]) -> set[str]:
    """The distributions that ``requirements`` lead to in this environment, by normalised name."""
    found: set[str] = set()
    waiting = list(requirements)
    while waiting:
        wanted = waiting.pop()
        name = normalised(wanted.name)
        extras = wanted.extras or {""}
        if name in found:
            continue
        found.add(name)
        needed = map(Requirement, distribution(name).requires or ())
        waiting += [
            each
            for each in needed
            if each.marker is None or any(each.marker.evaluate({"extra": one}) for one in extras)
        ]
    return found


def normalised(name: str) -> str:
    """Source: packaging.python.org, "Names and normalization"."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _lend(lent: Distribution, site: Path) -> None:
    """Link what ``lent`` has at the top of site-packages."""
    for top in {path.parts[0] for path in lent.files or ()} - {"..", "__pycache__"}:
        link = site / top
        if not link.exists():
            link.symlink_to(Path(str(lent.locate_file(top))).resolve())
