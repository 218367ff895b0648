"""float32 ONNX -> the same with weights kept in half precision: half the file, same arithmetic."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from radistill.files import write_with

FEWEST = 64  # smaller tensors (biases, constants) stay as they are
_LARGEST = float(np.finfo(np.float16).max)


def halve(float_path: Path, half_path: Path) -> None:
    """Write the half-precision twin of `float_path` to `half_path`, atomically.

    Each large weight is stored as float16 with a cast to float32 behind it, which ONNX Runtime
    computes once when it opens the file: CPUs without half-precision arithmetic lose no time.
    """
    model = onnx.load(float_path)
    graph = model.graph
    casts = []
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        fits = values.size >= FEWEST and np.abs(values).max() <= _LARGEST
        if tensor.data_type != TensorProto.FLOAT or not fits:
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}.half"))
        casts.append(helper.make_node("Cast", [tensor.name], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.checker.check_model(model)
    write_with(half_path, lambda temporary: onnx.save(model, temporary))
