"""An interpreter with what ``predict.py`` asks for, and nothing else."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGES = ("onnxruntime", "av", "pillow", "numpy")
_REQUIREMENTS = Path(__file__).resolve().parents[1] / "requirements.txt"
_INSTALL_TIMEOUT_S = 300


def make_bare_python(directory: Path) -> Path:
    """Its path, in a new environment with the pinned versions; skips where no index answers."""
    pins = [
        line
        for line in _REQUIREMENTS.read_text().splitlines()
        if re.split("==", line)[0] in PACKAGES
    ]
    assert len(pins) == len(PACKAGES)
    subprocess.run([sys.executable, "-m", "venv", str(directory)], check=True)
    python = directory / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    try:
        installed = subprocess.run(
            [*install, *pins],
            capture_output=True,
            text=True,
            check=False,
            timeout=_INSTALL_TIMEOUT_S,
        )
    except subprocess.TimeoutExpired:
        pytest.skip("the package index does not answer")
    if installed.returncode:
        pytest.skip(f"the package index does not serve: {installed.stderr.strip()[-200:]}")
    return python
