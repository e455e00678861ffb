"""Simplifies an ONNX graph for converters: folds constants and removes empty tensors.

The graph of a traced network computes its own shapes and concatenates tensors that are empty for
a plain detector (masks, angles). Converters fail on both.
"""

from collections.abc import Iterator
from pathlib import Path

import onnx
import onnxruntime

_CONCAT = "Concat"


def write_plain(source: Path, target: Path) -> None:
    """Write a simplified model with the same output."""
    _fold_constants(source, target)
    model = onnx.load(target)
    _drop_empty_inputs(model)
    _drop_unused(model)
    # onnxruntime declares every domain it knows; converters read the version from the first.
    del model.opset_import[1:]
    onnx.save(model, target)


def _fold_constants(source: Path, target: Path) -> None:
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(target)
    onnxruntime.InferenceSession(str(source), options, providers=["CPUExecutionProvider"])


def _drop_empty_inputs(model: onnx.ModelProto) -> None:
    """Remove the inputs of every concatenation whose shape is empty."""
    empty = {
        value.name
        for value in onnx.shape_inference.infer_shapes(model).graph.value_info
        if any(
            size.HasField("dim_value") and size.dim_value == 0
            for size in value.type.tensor_type.shape.dim
        )
    }
    for node in model.graph.node:
        kept = [name for name in node.input if name not in empty]
        if node.op_type == _CONCAT and kept:
            node.input[:] = kept


def _drop_unused(model: onnx.ModelProto) -> None:
    """Remove the nodes and constants that no output needs."""
    graph = model.graph
    needed = {output.name for output in graph.output}
    kept = []
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            needed.update(_inputs(node))
            kept.append(node)
    constants = [value for value in graph.initializer if value.name in needed]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(reversed(kept))
    graph.initializer.extend(constants)


def _inputs(node: onnx.NodeProto) -> Iterator[str]:
    """Yield the inputs of a node and of the branches and loops in it."""
    yield from node.input
    for attribute in node.attribute:
        for inner in attribute.g.node:
            yield from _inputs(inner)
        yield from (output.name for output in attribute.g.output)
