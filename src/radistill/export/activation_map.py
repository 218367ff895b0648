"""The class activation map as a part of the graph, without gradients, as the network allows."""

from typing import TypeGuard

from onnx import NodeProto

from radistill.export.graph_builder import GraphBuilder, Shapes, log_odds
from radistill.export.stage_features import add_stage_map

POSITIONS = (
    "class activation map: the log-odds that the head gives when it sees one position of the last "
    "feature map alone (Zhou et al. 2016; for a linear head their mean is the film's log-odds)"
)
ENERGY = (
    "activation energy: the mean square over channels of the last feature map (Zagoruyko and "
    "Komodakis 2017); it shows where the network responds, not for which class"
)
STAGES = (
    "contributions of all stages: what each position adds to the film's log-odds through the means "
    "and deviations of the feature maps (their mean is the log-odds, less the bias)"
)
_POOLING = ("GlobalAveragePool", "AveragePool", "ReduceMean")
_RESHAPING = ("Reshape", "Flatten", "Transpose")


def add_cam(graph: GraphBuilder) -> tuple[str, tuple[int, ...]]:
    """Add "cam" (N, h, w); return its method and (h, w).

    `STAGES` where the embedding is that of `pool_stages`, `POSITIONS` where it comes from the mean
    of a feature map and from nothing else, else `ENERGY`.
    """
    if (size := add_stage_map(graph)) is not None:
        return STAGES, size
    for pool in reversed(graph.network):
        if pool.op_type in _POOLING and _is_mean_of_map(pool, graph.shapes):
            rest = _behind(pool.output[0], graph.network)
            if rest is not None:
                return POSITIONS, _positions(graph, pool, rest)
    return ENERGY, _energy(graph)


def _positions(graph: GraphBuilder, pool: NodeProto, rest: list[NodeProto]) -> tuple[int, ...]:
    """Each position of the map goes through the nodes behind the mean as if it were a film."""
    _, channels, height, width = graph.shapes[pool.input[0]]
    graph.constants(
        position_shape=[-1, channels, *graph.shapes[pool.output[0]][2:]],
        cam_shape=[-1, height, width],
    )
    text = """
        channels_last = Transpose <perm = [0, 2, 3, 1]> (features)
        position = Reshape (channels_last, position_shape)
    """
    graph.add(text, features=pool.input[0])
    names = {pool.output[0]: "position"}
    for node in rest:
        again = NodeProto()
        again.CopyFrom(node)
        again.name = f"position_{node.name}"
        again.input[:] = [names.get(name, name) for name in node.input]
        again.output[:] = [f"position_{name}" for name in node.output]
        names |= dict(zip(node.output, again.output, strict=True))
        graph.model.graph.node.append(again)
    text = "position_logits = Gemm <transB = 1> (position, head_weight, head_bias)"
    graph.add(text, position=names["embedding"])
    log_odds(graph, "position")
    graph.add("cam = Reshape (position_odds, cam_shape)")
    return height, width


def _energy(graph: GraphBuilder) -> tuple[int, ...]:
    features = _last_map(graph.network, graph.shapes)
    graph.constants(channels=[1])
    text = """
        squares = Mul (features, features)
        cam = ReduceMean <keepdims = 0> (squares, channels)
    """
    graph.add(text, features=features)
    return graph.shapes[features][2:]


def _behind(start: str, nodes: list[NodeProto]) -> list[NodeProto] | None:
    """The nodes between the tensor `start` and the embedding; None if a path leads around it."""
    needed, between = {"embedding"}, []
    for node in reversed(nodes):
        if start not in node.output and needed & set(node.output):
            between.append(node)
            needed |= set(node.input)
    return None if "image" in needed or start not in needed else between[::-1]


def _is_mean_of_map(pool: NodeProto, shapes: Shapes) -> bool:
    features, pooled = shapes.get(pool.input[0]), shapes.get(pool.output[0], ())
    return _is_map(features) and pooled[1:] in ((features[1],), (features[1], 1, 1))


def _is_map(shape: tuple[int, ...] | None) -> TypeGuard[tuple[int, ...]]:
    """(N, C, h, w) with more than one row and column."""
    return shape is not None and len(shape) == 4 and min(shape[2:]) > 1


def _last_map(nodes: list[NodeProto], shapes: Shapes) -> str:
    """The last tensor with positions that is a convolution's output or computed from one."""
    maps: list[str] = []
    for node in nodes:
        follows = node.op_type not in _RESHAPING and not set(maps).isdisjoint(node.input)
        if (node.op_type == "Conv" or follows) and _is_map(shapes.get(node.output[0])):
            maps.append(node.output[0])
    return maps[-1]
