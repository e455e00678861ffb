"""Everything but the families' own modules can be imported."""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.acting import sound
from tpod_core import training_packages

REPO = Path(__file__).resolve().parents[2]
ROOMS = (REPO / "tpod_core", REPO / "workers", *(REPO / "pages").glob("_*/"))
"""The scripts of the screens run when they are imported; ``test_screens`` opens them."""

NEED_THE_PACKAGES = {
    "tpod_core.exports.openvino_export",
    "tpod_core.exports.plain_onnx",
    "tpod_core.exports.tensorflow_export",
    "tpod_core.exports.tensorflow_program",
    "tpod_core.exports.torchscript_export",
    "tpod_core.training.hardware",
    "tpod_core.training.oom_retry",
    "tpod_core.training.rtdetr_provider",
    "tpod_core.training.torchvision_data",
    "tpod_core.training.torchvision_inference",
    "tpod_core.training.torchvision_network",
    "tpod_core.training.torchvision_provider",
    "tpod_core.training.torchvision_training",
    "tpod_core.training.tracing",
    "tpod_core.training.ultralytics_callbacks",
    "tpod_core.training.ultralytics_provider",
}

NEED_THE_APP = {"pages._labeling.plain", "pages._shared.canvas_stage", "pages._try_it.frame"}
"""They use the drawing canvas, whose files Streamlit finds in a running app alone."""


def modules() -> list[str]:
    paths = sorted(path for room in ROOMS for path in room.rglob("*.py"))
    names = (".".join(path.relative_to(REPO).with_suffix("").parts) for path in paths)
    outside_of_alembic = (name for name in names if not name.endswith("migrations.env"))
    return ["app", *(name.removesuffix(".__init__") for name in outside_of_alembic)]


@pytest.mark.filterwarnings("ignore:html5lib:DeprecationWarning")  # TensorBoard's own copy
@pytest.mark.parametrize("name", sorted(set(modules()) - NEED_THE_PACKAGES - NEED_THE_APP))
def test_module_can_be_imported(name: str) -> None:
    import_module(name)


@pytest.mark.parametrize("name", sorted(NEED_THE_APP))
def test_module_can_be_imported_in_the_app(name: str) -> None:
    sound(AppTest.from_string(f"import {name}").run())


@pytest.mark.parametrize("name", ["torch", "torchvision", "ultralytics", "onnx", "matplotlib"])
def test_package_of_the_extra_is_not_here(name: str) -> None:
    assert find_spec(name) is None


def test_host_knows_that_it_cannot_train() -> None:
    assert not training_packages.are_installed()
