"""Another embedding of the same network: every stage pooled, instead of the last one alone.

What a network has learnt to tell at one hospital narrows towards its end; its earlier stages carry
more to the next hospital, and the deviation of a feature over the film says what its mean does not.
"""

import onnx
import onnx.utils
from onnx.parser import parse_node

from radistill.export.graph_builder import GraphBuilder, Shapes

STAGE = "stage_"  # nodes so named stay float32 in the INT8 file: quantised variances are too coarse
EXPOSURE = (0.49, 0.22)  # mean and deviation of grey in [0, 1], about the Kaggle training films'

_POOL = """
    {s}_mean = ReduceMean <keepdims = 1> ({s}_map, stage_axes)
    {s}_centred = Sub ({s}_map, {s}_mean)
    {s}_squared = Mul ({s}_centred, {s}_centred)
    {s}_variance = ReduceMean <keepdims = 1> ({s}_squared, stage_axes)
    {s}_variance_tiny = Add ({s}_variance, stage_tiny)
    {s}_deviation = Sqrt ({s}_variance_tiny)
"""
_EXPOSE = """
    stage_film_mean = ReduceMean <keepdims = 1> (image, stage_axes)
    stage_film_centred = Sub (image, stage_film_mean)
    stage_film_squared = Mul (stage_film_centred, stage_film_centred)
    stage_film_variance = ReduceMean <keepdims = 1> (stage_film_squared, stage_axes)
    stage_film_tiny = Add (stage_film_variance, stage_tiny)
    stage_film_deviation = Sqrt (stage_film_tiny)
    stage_film_unit = Div (stage_film_centred, stage_film_deviation)
    stage_film_scaled = Mul (stage_film_unit, stage_exposure_deviation)
    stage_film_moved = Add (stage_film_scaled, stage_exposure_mean)
    stage_film = Clip (stage_film_moved, stage_black, stage_white)
"""


def pool_stages(network: onnx.ModelProto, *, exposure: bool = False) -> onnx.ModelProto:
    """The network with "embedding" (N, D): mean and deviation of each stage's last feature map.

    A stage is all that has one resolution. exposure: the film is first brought to `EXPOSURE`, so
    that the embedding does not tell how bright it was. Raises ValueError where there is no feature
    map with positions.
    """
    maps = last_maps(network)
    if not maps:
        raise ValueError("the network has no feature map to pool")
    graph = GraphBuilder(_up_to(network, maps))
    graph.constants(stage_axes=[2, 3], stage_tiny=1e-6, stage_flat=[0, -1])
    for number, name in enumerate(maps):
        graph.add(f"stage_{number}_map = Identity (map)", map=name)
        graph.add(_POOL.format(s=f"stage_{number}"))
    parts = [f"stage_{n}_{part}" for n in range(len(maps)) for part in ("mean", "deviation")]
    graph.add(f"stage_all = Concat <axis = 1> ({', '.join(parts)})")
    graph.add("embedding = Reshape (stage_all, stage_flat)")
    if exposure:
        _expose(graph)
    size = 2 * sum(graph.shapes[name][1] for name in maps)
    pooled = graph.finish({"embedding": (size,)})
    onnx.checker.check_model(pooled, full_check=True)
    return pooled


def last_maps(network: onnx.ModelProto) -> list[str]:
    """The last tensor of each resolution, (N, C, h, w) of 2 x 2 positions at least, in order."""
    shapes = GraphBuilder(network).shapes
    by_size: dict[tuple[int, ...], str] = {}
    convolved: set[str] = set()
    for node in network.graph.node:
        output = node.output[0]
        follows = not convolved.isdisjoint(node.input) and not output.startswith(STAGE)
        if (node.op_type == "Conv" or follows) and _is_map(shapes, output):
            convolved.add(output)
            by_size.pop(shapes[output][2:], None)
            by_size[shapes[output][2:]] = output
    return list(by_size.values())


def add_stage_map(graph: GraphBuilder) -> tuple[int, ...] | None:
    """Add "cam" (N, h, w) for a head on `pool_stages`; None for another embedding.

    Each position has what it adds to the film's log-odds, on the grid of the last stage: through
    the mean of a feature its value, through the deviation its squared distance from the mean over
    the deviation. The positions' mean is the log-odds less the bias.
    """
    pooled = {node.output[0] for node in graph.network}
    stages = [n for n in range(len(pooled)) if f"stage_{n}_deviation" in pooled]
    if not stages or "stage_all" not in pooled:
        return None
    sizes = {n: graph.shapes[f"stage_{n}_map"][1:] for n in stages}
    height, width = min((size[1:] for size in sizes.values()), key=lambda size: size[0] * size[1])
    graph.constants(stage_channels=[1])
    graph.add("""
        head_for_rows = Gather <axis = 0> (head_weight, head_for)
        head_against_rows = Gather <axis = 0> (head_weight, head_against)
        stage_slopes = Sub (head_for_rows, head_against_rows)
    """)
    start = 0
    for n, (channels, rows, columns) in sizes.items():
        for part, source in (("mean", f"stage_{n}_map"), ("deviation", f"stage_{n}_share")):
            if part == "deviation":
                graph.add(f"stage_{n}_share = Div (stage_{n}_squared, stage_{n}_deviation)")
            own = f"stage_{n}_{part}"
            graph.constants(
                **{
                    f"{own}_from": [start],
                    f"{own}_to": [start + channels],
                    f"{own}_kernel": [1, channels, 1, 1],
                }
            )
            graph.add(f"""
                {own}_row = Slice (stage_slopes, {own}_from, {own}_to, stage_channels)
                {own}_filter = Reshape ({own}_row, {own}_kernel)
                {own}_added = Conv ({source}, {own}_filter)
            """)
            start += channels
        graph.add(f"""
            stage_{n}_added = Add (stage_{n}_mean_added, stage_{n}_deviation_added)
            stage_{n}_grid = {_shrink(rows // height, columns // width)} (stage_{n}_added)
        """)
    summed = ", ".join(f"stage_{n}_grid" for n in stages)
    graph.add(f"""
        stage_sum = Sum ({summed})
        cam = Squeeze (stage_sum, stage_channels)
    """)
    return height, width


def _shrink(rows: int, columns: int) -> str:
    """Means over blocks; sides that the grid does not divide lose their last rows."""
    shape = f"[{rows}, {columns}]"
    return f"AveragePool <kernel_shape = {shape}, strides = {shape}>"


def _up_to(network: onnx.ModelProto, maps: list[str]) -> onnx.ModelProto:
    """From "image" to `maps`, without the exposure that an earlier `pool_stages` put before."""
    known = any("stage_film" in node.output for node in network.graph.node)
    start = "stage_film" if known else "image"
    inferred = onnx.shape_inference.infer_shapes(network)
    cut = onnx.utils.Extractor(inferred).extract_model([start], maps)
    cut.graph.input[0].name = "image"
    for node in cut.graph.node:
        node.input[:] = ["image" if name == start else name for name in node.input]
    return cut


def _expose(graph: GraphBuilder) -> None:
    """Put `_EXPOSE` before the network."""
    mean, deviation = EXPOSURE
    graph.constants(
        stage_exposure_mean=mean,
        stage_exposure_deviation=deviation,
        stage_black=0.0,
        stage_white=1.0,
    )
    nodes = [parse_node(line) for line in _EXPOSE.strip().splitlines()]
    for node in nodes:
        node.name = node.output[0]
    for node in graph.model.graph.node:
        node.input[:] = ["stage_film" if name == "image" else name for name in node.input]
    rest = list(graph.model.graph.node)
    del graph.model.graph.node[:]
    graph.model.graph.node.extend([*nodes, *rest])


def _is_map(shapes: Shapes, name: str) -> bool:
    shape = shapes.get(name, ())
    return len(shape) == 4 and min(shape[2:]) > 1
