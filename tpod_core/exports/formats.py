"""The formats that a detector can be exported to beside its zip. Imports no exporter.

A new format is one module with an ``Exporter`` and one line here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pkgutil import resolve_name

from tpod_core.errors import InvalidInput
from tpod_core.exports import needs
from tpod_core.exports.task import Exporter


@dataclass(frozen=True)
class ExportFormat:
    """An entry of the list of formats.

    Attributes:
        description: what it is good for.
        usage: for the README of the download: how to call the model, and its output.
        exporter: ``"module:function"``, an ``Exporter``.
        missing: returns what must be installed first, as a sentence; empty if nothing is.
    """

    name: str
    label: str
    description: str
    usage: str
    exporter: str
    missing: Callable[[], str] = lambda: ""


_PACKAGE = "tpod_core.exports"
_NCHW = (
    "Input: float32, 1×3×{side}×{side}, RGB, 0 to 1, the picture scaled into the middle of a "
    "square of grey 114."
)
_NHWC = _NCHW.replace("1×3×{side}×{side}", "1×{side}×{side}×3")
_OUTPUT = (
    "Output: float32, 1×n×6, rows of x1, y1, x2, y2, score, class in input pixels, padded with "
    "zeros. Overlaps are already removed."
)

_FORMATS = (
    ExportFormat(
        "torchscript",
        "TorchScript",
        "For programs that run PyTorch, in Python or C++, without the training library.",
        f"""{_NCHW}
{_OUTPUT}

    import torch, torchvision  # torchvision brings an operation that the model uses
    model = torch.jit.load("model.torchscript")
    rows = model(picture)[0]
""",
        f"{_PACKAGE}.torchscript_export:export_torchscript",
    ),
    ExportFormat(
        "openvino",
        "OpenVINO",
        "For Intel processors and graphics: usually the fastest there.",
        f"""{_NCHW}
{_OUTPUT}

    import openvino
    model = openvino.Core().compile_model(
        "model.xml", "CPU", {{{{"INFERENCE_PRECISION_HINT": "f32"}}}})
    rows = model(picture)[0][0]

Ask for f32 as above: newer processors compute in bf16 otherwise, which moves boxes by pixels.
""",
        f"{_PACKAGE}.openvino_export:export_openvino",
        needs.missing_openvino,
    ),
    ExportFormat(
        "litert",
        "LiteRT (TensorFlow Lite)",
        "For phones and small boards.",
        f"""{_NHWC}
{_OUTPUT}

    from ai_edge_litert.interpreter import Interpreter
    model = Interpreter("model.tflite")
    model.allocate_tensors()
    model.set_tensor(model.get_input_details()[0]["index"], picture)
    model.invoke()
    rows = model.get_tensor(model.get_output_details()[0]["index"])[0]
""",
        f"{_PACKAGE}.tensorflow_export:export_litert",
        needs.missing_tensorflow,
    ),
    ExportFormat(
        "saved_model",
        "TensorFlow SavedModel",
        "For TensorFlow and TensorFlow Serving, like OpenTPOD's download.",
        f"""{_NHWC}
{_OUTPUT}

    import tensorflow
    model = tensorflow.saved_model.load("saved_model/1").signatures["serving_default"]
    rows = next(iter(model(images=picture).values()))[0]

For TensorFlow Serving, mount `saved_model` as the model's directory; `1` is its version.
`label_map.pbtxt` counts classes from 1 as TensorFlow's Object Detection API does; the model's
own output counts from 0.
""",
        f"{_PACKAGE}.tensorflow_export:export_saved_model",
        needs.missing_tensorflow,
    ),
)


def list_formats() -> list[ExportFormat]:
    return list(_FORMATS)


def get_format(name: str) -> ExportFormat:
    """Raises: InvalidInput that lists the formats."""
    for known in _FORMATS:
        if known.name == name:
            return known
    names = ", ".join(known.name for known in _FORMATS)
    raise InvalidInput(f"There is no format {name!r}. There are: zip, {names}.", "format")


def load_exporter(known: ExportFormat) -> Exporter:
    """Import the exporter of a format; for worker processes only."""
    exporter: Exporter = resolve_name(known.exporter)
    return exporter
