"""Checks for the packages that some formats need beyond ``requirements.txt``.

OpenVINO installs beside our own packages. TensorFlow and its converter need older versions of
several of them, so they have an environment of their own.
"""

from importlib.util import find_spec
from pathlib import Path

from tpod_core.config import APP_DIR, IS_INSTALLED, get_settings

_TENSORFLOW_ENVIRONMENT = ".venv-tensorflow"
_CONVERTER = "onnx2tf"


def missing_openvino() -> str:
    """Returns how to install OpenVINO; empty if it is installed."""
    if find_spec("openvino") is not None:
        return ""
    packages = "'tpod[openvino]'" if IS_INSTALLED else "-r requirements-export-openvino.txt"
    return f"OpenVINO is not installed here. Run “pip install {packages}” in TPOD's environment."


def missing_tensorflow() -> str:
    """Returns how to install TensorFlow; empty if it is installed."""
    python = tensorflow_python()
    packages = python.parent.parent.glob(f"lib/python*/site-packages/{_CONVERTER}")
    if python.is_file() and any(packages):
        return ""
    missing = f"TensorFlow and {_CONVERTER} are not installed in {python.parent.parent}."
    if IS_INSTALLED:
        return f"{missing} Install them elsewhere, and let TPOD_TENSORFLOW_PYTHON name the Python."
    return f"{missing} Run “make export-tensorflow” on the server."


def tensorflow_python() -> Path:
    """Returns the interpreter of TensorFlow's environment, which need not exist."""
    default = APP_DIR / _TENSORFLOW_ENVIRONMENT / "bin" / "python"
    return get_settings().tensorflow_python or default
