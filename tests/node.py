"""The Node that runs scripts in tests."""

import os
import shutil
import sys
from pathlib import Path

import pytest


def node() -> str:
    """The Node of this environment, else the machine's own."""
    here = Path(sys.executable).parent
    found = shutil.which("node", path=f"{here}{os.pathsep}{os.environ['PATH']}")
    return found or pytest.fail("there is no Node: run `make setup`")
