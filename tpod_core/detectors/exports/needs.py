"""What some formats need beyond ``requirements.txt``, and whether it is here.

OpenVINO installs beside our own packages. TensorFlow and the converter to it want older
versions of several of them, so they have an environment of their own.
"""

from importlib.util import find_spec
from pathlib import Path

from tpod_core.config import REPO_DIR, get_settings

_TENSORFLOW_ENVIRONMENT = ".venv-tensorflow"
_CONVERTER = "onnx2tf"


def missing_openvino() -> str:
    if find_spec("openvino") is not None:
        return ""
    return (
        "OpenVINO is not installed here. "
        "Run “pip install -r requirements-export-openvino.txt” in TPOD's environment."
    )


def missing_tensorflow() -> str:
    python = tensorflow_python()
    packages = python.parent.parent.glob(f"lib/python*/site-packages/{_CONVERTER}")
    if python.is_file() and any(packages):
        return ""
    return (
        f"TensorFlow and {_CONVERTER} are not installed in {python.parent.parent}. "
        "Run “make export-tensorflow” on the server."
    )


def tensorflow_python() -> Path:
    """The interpreter of the environment that has TensorFlow, existing or not."""
    default = REPO_DIR / _TENSORFLOW_ENVIRONMENT / "bin" / "python"
    return get_settings().tensorflow_python or default
