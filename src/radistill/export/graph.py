"""A network's ONNX graph -> the graph that ships, with head, calibration and map; no torch.

A network takes "image" (N, 1, S, S) and gives "embedding" (N, D). `add_head` makes it the graph
that ships; `network_of` takes such a graph apart, for another head and calibration.
"""

from dataclasses import dataclass

import numpy as np
import onnx
import onnx.utils
from onnx import helper, numpy_helper

from radistill.export.activation_map import add_cam
from radistill.export.graph_builder import GraphBuilder, log_odds, strip
from radistill.metrics.calibration import UNCALIBRATED
from radistill.schema.calibrated import CalibrationMap


@dataclass(frozen=True, eq=False)
class Head:
    """The linear layer behind the embedding.

    weight: (logits, D). bias: (logits,). positive: index of the class that the map and the
    calibration are of. groups: for each logit the index of the class it is reported as; one logit
    is one class where None. Raises ValueError for groups that leave out a logit or a class.
    """

    weight: np.ndarray
    bias: np.ndarray
    positive: int
    groups: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if len(self.class_of) != len(self.weight) or set(self.class_of) != set(range(self.classes)):
            raise ValueError(f"groups {self.class_of} do not name a class for each logit")

    @property
    def class_of(self) -> tuple[int, ...]:
        """For each logit the index of its class."""
        return self.groups or tuple(range(len(self.weight)))

    @property
    def classes(self) -> int:
        return max(self.class_of) + 1

    @property
    def membership(self) -> np.ndarray:
        """(logits, classes): 1 where a logit is of a class."""
        return np.eye(self.classes)[list(self.class_of)]


@dataclass(frozen=True, eq=False)
class ExportedModel:
    """A graph that ships.

    Input "image", float32 (N, 1, S, S) in [0, 1] with any N; outputs "probability" (N, K), "cam"
    (N, h, w) and "embedding" (N, D). The metadata hold the index of the positive class, so that a
    file parted from its card can still be read.
    cam_method: how the map is computed. parity: greatest difference of a probability or an
    embedding from PyTorch, each output divided by its greatest absolute value where that is above
    1; 0 where there is nothing to compare with.
    """

    graph: onnx.ModelProto
    cam_method: str
    parity: float = 0.0

    @property
    def bytes(self) -> bytes:
        data: bytes = self.graph.SerializeToString()
        return data


def add_head(
    network: onnx.ModelProto, head: Head, calibration: CalibrationMap = UNCALIBRATED
) -> ExportedModel:
    """`network`, from "image" to "embedding", with its head, calibration and map behind it.

    probability: softmax of the logits, summed within the head's groups; then the calibration of the
    positive class, of which the others share what is left in proportion. cam: of the positive
    class, before calibration, in the way that the network allows (`add_cam`).
    """
    graph = GraphBuilder(network)
    positive = np.array(head.class_of) == head.positive
    graph.constants(
        head_weight=head.weight,
        head_bias=head.bias,
        head_for=np.flatnonzero(positive),
        head_against=np.flatnonzero(~positive),
    )
    graph.add("film_logits = Gemm <transB = 1> (embedding, head_weight, head_bias)")
    _probability(graph, head, calibration)
    method, size = add_cam(graph)
    model = graph.finish(
        {"probability": (head.classes,), "cam": size, "embedding": head.weight.shape[1:]}
    )
    helper.set_model_props(model, {"positive": str(head.positive)})
    onnx.checker.check_model(model, full_check=True)
    return ExportedModel(model, method)


def network_of(model: onnx.ModelProto) -> onnx.ModelProto:
    """The network within a graph that ships: from "image" to "embedding"."""
    network = onnx.utils.Extractor(model).extract_model(["image"], ["embedding"])
    network.producer_name, network.graph.name = model.producer_name, model.graph.name
    network.producer_version = model.producer_version
    strip(network)
    return network


def head_weight(model: onnx.ModelProto) -> np.ndarray | None:
    """The head's weight (logits, D) of a graph that ships; None where no one layer is the head."""
    values = {array.name: array for array in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "Gemm" and node.input[0] == "embedding" and node.input[1] in values:
            weight = numpy_helper.to_array(values[node.input[1]]).astype(np.float64)
            across = any(a.name == "transB" and a.i for a in node.attribute)
            return weight if across else weight.T
    return None


def recalibrate(model: onnx.ModelProto, slope: float, intercept: float) -> onnx.ModelProto:
    """A graph that ships, of two classes, with slope * log-odds + intercept behind its probability.

    The map and the embedding stay as they are.
    """
    before = onnx.ModelProto()
    before.CopyFrom(model)
    positive = int(next(p.value for p in model.metadata_props if p.key == "positive"))
    outputs = {o.name: o.type.tensor_type.shape.dim for o in model.graph.output}
    times = sum(node.name.endswith("_local_after") for node in before.graph.node)
    given = f"given_{times}"
    for node in before.graph.node:
        node.output[:] = [given if name == "probability" else name for name in node.output]
        node.input[:] = [given if name == "probability" else name for name in node.input]
        if given in node.output:
            node.name = given  # the new node has its name
    graph, at = GraphBuilder(before), f"{given}_local"
    values: dict[str, list[int] | float] = {
        "positive": [positive],
        "low": 1e-7,
        "high": 1 - 1e-7,
        "one": 1.0,
        "slope": slope,
        "intercept": intercept,
    }
    graph.constants(**{f"{at}_{name}": value for name, value in values.items()})
    columns = f"{at}_others, {at}_after" if positive else f"{at}_after, {at}_others"
    graph.add(f"""
        {at}_column = Gather <axis = 1> ({given}, {at}_positive)
        {at}_chance = Clip ({at}_column, {at}_low, {at}_high)
        {at}_rest = Sub ({at}_one, {at}_chance)
        {at}_log = Log ({at}_chance)
        {at}_rest_log = Log ({at}_rest)
        {at}_odds = Sub ({at}_log, {at}_rest_log)
        {at}_sloped = Mul ({at}_odds, {at}_slope)
        {at}_moved = Add ({at}_sloped, {at}_intercept)
        {at}_after = Sigmoid ({at}_moved)
        {at}_others = Sub ({at}_one, {at}_after)
        probability = Concat <axis = 1> ({columns})
    """)
    sizes = {name: tuple(d.dim_value for d in shape[1:]) for name, shape in outputs.items()}
    finished = graph.finish(sizes)
    helper.set_model_props(finished, {"positive": str(positive)})
    onnx.checker.check_model(finished, full_check=True)
    return finished


def _probability(graph: GraphBuilder, head: Head, calibration: CalibrationMap) -> None:
    calibrated, grouped = calibration.kind != "none", head.classes < len(head.weight)
    scores = "scores" if calibrated else "probability"
    softmax = "softmax" if grouped else scores
    graph.add(f"{softmax} = Softmax <axis = 1> (film_logits)")
    if grouped:
        graph.constants(class_of=head.membership)
        graph.add(f"{scores} = MatMul (softmax, class_of)")
    if calibrated:
        _calibrate(graph, head, calibration)


def _calibrate(graph: GraphBuilder, head: Head, calibration: CalibrationMap) -> None:
    """From "scores" to "probability"."""
    positive = np.eye(head.classes)[[head.positive]]
    graph.constants(one=1.0, positive=positive, others=1 - positive, classes=[1], tiny=1e-30)
    if calibration.kind == "temperature":
        log_odds(graph, "film")
        graph.constants(temperature=calibration.temperature)
        graph.add("""
            film_column = Unsqueeze (film_odds, classes)
            film_cooled = Div (film_column, temperature)
            after = Sigmoid (film_cooled)
        """)
    else:
        # One ramp for each piece: exact to the last bit of its rise, however steep.
        x, y = np.array(calibration.x), np.array(calibration.y)
        graph.constants(start=x[:-1], width=np.diff(x), rise=np.diff(y)[:, None], bottom=y[:1])
        graph.constants(index=[head.positive], zero=0.0)
        graph.add("""
            before = Gather <axis = 1> (scores, index)
            moved = Sub (before, start)
            scaled = Div (moved, width)
            ramps = Clip (scaled, zero, one)
            risen = MatMul (ramps, rise)
            after = Add (risen, bottom)
        """)
    graph.add("""
        rest = Mul (scores, others)
        rest_sum = ReduceSum <keepdims = 1> (rest, classes)
        rest_total = Max (rest_sum, tiny)
        rest_share = Div (rest, rest_total)
        left = Sub (one, after)
        rest_after = Mul (rest_share, left)
        positive_after = Mul (positive, after)
        probability = Add (rest_after, positive_after)
    """)
