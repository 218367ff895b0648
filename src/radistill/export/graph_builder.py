"""An ONNX graph that grows by nodes written as text."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.parser import parse_node

Shapes = dict[str, tuple[int, ...]]  # by tensor; 0 where a size is not fixed


class GraphBuilder:
    """A copy of a network's graph that grows by nodes, written as text, and by constants."""

    def __init__(self, network: onnx.ModelProto) -> None:
        self.model = onnx.ModelProto()
        self.model.CopyFrom(network)
        self.network = list(network.graph.node)
        self.shapes = _shapes(network)

    def add(self, text: str, **tensors: str) -> None:
        """One node a line, `output = Operator <attribute = 1> (input, ...)`; a node is named by its
        output. tensors: names of the network's own tensors in place of those in the text."""
        for line in text.strip().splitlines():
            node = parse_node(line)
            node.input[:] = [tensors.get(name, name) for name in node.input]
            node.name = node.output[0]
            self.model.graph.node.append(node)

    def constants(self, **values: np.ndarray | list[int] | float) -> None:
        for name, value in values.items():
            array = np.asarray(value)
            kind = np.float32 if array.dtype.kind == "f" else np.int64
            self.model.graph.initializer.append(numpy_helper.from_array(array.astype(kind), name))

    def finish(self, outputs: dict[str, tuple[int, ...]]) -> onnx.ModelProto:
        """The model with these outputs, named with their shapes without the batch."""
        del self.model.graph.output[:]
        self.model.graph.output.extend(
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", *shape])
            for name, shape in outputs.items()
        )
        strip(self.model)
        return self.model


def log_odds(graph: GraphBuilder, of: str) -> None:
    """Of the positive class against all others: {of}_logits (N, logits) -> {of}_odds (N,)."""
    graph.constants(**{f"{of}_axis": [1]})
    graph.add(f"""
        {of}_for = Gather <axis = 1> ({of}_logits, head_for)
        {of}_against = Gather <axis = 1> ({of}_logits, head_against)
        {of}_for_sum = ReduceLogSumExp <keepdims = 0> ({of}_for, {of}_axis)
        {of}_against_sum = ReduceLogSumExp <keepdims = 0> ({of}_against, {of}_axis)
        {of}_odds = Sub ({of}_for_sum, {of}_against_sum)
    """)


def strip(model: onnx.ModelProto) -> None:
    """Remove doc strings, metadata and inferred shapes, in place.

    torch's exporter notes the Python stack of every node: 0.3 MB in a ShuffleNet of 1.4 MB.
    """
    for part in (model, model.graph):
        del part.metadata_props[:]
        part.doc_string = ""
    graph = model.graph
    del graph.value_info[:]
    for items in (graph.node, graph.input, graph.output, graph.initializer):
        for item in items:
            del item.metadata_props[:]
            item.doc_string = ""


def _shapes(network: onnx.ModelProto) -> Shapes:
    graph = onnx.shape_inference.infer_shapes(network).graph
    return {
        item.name: tuple(size.dim_value for size in item.type.tensor_type.shape.dim)
        for item in (*graph.input, *graph.value_info, *graph.output)
    }
