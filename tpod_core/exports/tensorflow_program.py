"""Runs in TensorFlow's environment, started by ``tensorflow_export``.

    python tensorflow_program.py convert MODEL.onnx DIRECTORY
    python tensorflow_program.py run saved_model|litert MODEL

``convert`` writes a SavedModel and ``*_float32.tflite`` into DIRECTORY. ``run`` reads pictures
from standard input, each float32 (1, s, s, 3), and writes for each the number of its rows,
uint32, and the rows, float32 (n, 6). Imports nothing of TPOD; writes nothing else to standard
output.
"""

import os
import sys
from collections.abc import Callable
from typing import Any, BinaryIO

import numpy as np

Rows = Callable[[Any], Any]

# The converter runs the graph on sample pictures, which it would otherwise download.
_SAMPLES_NAME = "calibration_image_sample_data_20x128x128x3_float32.npy"
_SAMPLES_SHAPE = (20, 128, 128, 3)


def convert(onnx: str, directory: str) -> None:
    """Convert into ``directory``; writes temporary files into the working directory."""
    np.save(_SAMPLES_NAME, np.zeros(_SAMPLES_SHAPE, np.float32))
    import onnx2tf  # noqa: PLC0415 - only this command needs it

    onnx2tf.convert(
        input_onnx_file_path=onnx,
        output_folder_path=directory,
        output_signaturedefs=True,
        non_verbose=True,
        # LiteRT has no such operation; the formula that replaces it is exact to 2e-7.
        replace_to_pseudo_operators=["erf"],
    )


def saved_model(path: str) -> tuple[int, Rows]:
    """Load a model; returns the side of its input in pixels and a function that runs it."""
    import tensorflow as tf  # noqa: PLC0415 - takes seconds; only this format needs it

    model = tf.saved_model.load(path)
    [(name, spec)] = _signature(model).structured_input_signature[1].items()

    def rows(picture: Any) -> Any:
        [answer] = _signature(model)(**{name: tf.constant(picture)}).values()
        return answer.numpy()[0]

    return int(spec.shape[1]), rows


def _signature(model: Any) -> Any:
    return model.signatures["serving_default"]


def litert(path: str) -> tuple[int, Rows]:
    """Load a model; returns the side of its input in pixels and a function that runs it."""
    from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415 - only this format needs it

    model = Interpreter(path)
    model.allocate_tensors()
    entry, exit_ = model.get_input_details()[0], model.get_output_details()[0]

    def rows(picture: Any) -> Any:
        model.set_tensor(entry["index"], picture)
        model.invoke()
        return model.get_tensor(exit_["index"])[0]

    return int(entry["shape"][1]), rows


def run(kind: str, path: str, source: BinaryIO, target: BinaryIO) -> None:
    """Run the model on pictures until ``source`` ends."""
    side_px, rows = {"saved_model": saved_model, "litert": litert}[kind](path)
    size_bytes = side_px * side_px * 3 * 4
    while len(content := source.read(size_bytes)) == size_bytes:
        picture = np.frombuffer(content, np.float32).reshape(1, side_px, side_px, 3)
        answer = np.ascontiguousarray(rows(picture), np.float32)
        target.write(np.uint32(len(answer)).tobytes() + answer.tobytes())
        target.flush()


def main(arguments: list[str]) -> None:
    # The libraries print to standard output: send that to the errors, away from our rows.
    with os.fdopen(os.dup(1), "wb") as output:
        os.dup2(2, 1)
        if arguments[0] == "convert":
            convert(*arguments[1:])
        else:
            run(arguments[1], arguments[2], sys.stdin.buffer, output)


if __name__ == "__main__":
    main(sys.argv[1:])
