"""The network under a head, trained on local films. The only file of the room that needs torch.

A bundle holds its network as an ONNX graph. The graph runs here on PyTorch, so a bundle without a
run behind it can be trained, and the weights go back to where they came from.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from torch import Tensor
from torch.nn import functional as F

from radistill.adapt.changes import LocalHead, LocalScores, TunedNetwork
from radistill.adapt.local_films import embed
from radistill.config import AugmentConfig
from radistill.distill.losses import kd_loss
from radistill.errors import RadistillError, UsageError
from radistill.files import sha256, write_with
from radistill.imaging import to_unit
from radistill.progress import bar
from radistill.runtime.session import BATCH, open_session
from radistill.training.augment import augment
from radistill.training.random_numbers import content_keys, salted

EPOCHS, FILMS, RATE = 10, 32, 1e-4  # of AdamW, whose rate falls to 0 along a cosine
DISTILLED, TEMPERATURE = 0.5, 2.0  # share of the loss that keeps the network near its start
PARITY = 1e-5  # between PyTorch and ONNX Runtime; of the greatest value, where that is above 1

Attributes = Mapping[str, Any]
Operator = Callable[[list[Tensor], Attributes], Tensor | tuple[Tensor, ...]]


class TrainableGraph:
    """An ONNX graph from "image" to "embedding" that PyTorch runs.

    weights: by name, of convolutions and linear layers, which are what is trained. Batch
    normalisation keeps its statistics: exporters have mostly folded it into the weights.
    Raises UsageError for a network with operators that are not of a convolutional one.
    """

    def __init__(self, network: onnx.ModelProto) -> None:
        self._network = network
        self._nodes = [
            (
                node.op_type,
                list(node.input),
                list(node.output),
                {a.name: helper.get_attribute_value(a) for a in node.attribute},
            )
            for node in network.graph.node
        ]
        if strange := sorted({node[0] for node in self._nodes} - set(_OPERATORS)):
            raise UsageError(
                f"--finetune trains convolutional networks; this one has {', '.join(strange)}. "
                "Leave out --finetune: a head on its embedding needs no training of it."
            )
        self._values = {
            i.name: torch.from_numpy(numpy_helper.to_array(i).copy())
            for i in network.graph.initializer
        }
        layers = {
            name
            for kind, inputs, _, _ in self._nodes
            if kind in ("Conv", "Gemm")
            for name in inputs[1:]
        }
        self.weights = {n: v.requires_grad_() for n, v in self._values.items() if n in layers}

    def __call__(self, images: Tensor) -> Tensor:
        """float32 (N, 1, S, S) in [0, 1] -> (N, D)."""
        values = {**self._values, "image": images}
        for kind, inputs, outputs, attributes in self._nodes:
            result = _OPERATORS[kind]([values[name] for name in inputs if name], attributes)
            parts = result if isinstance(result, tuple) else (result,)
            values.update(zip(outputs, parts, strict=True))
        return values["embedding"]

    def graph(self) -> onnx.ModelProto:
        """The ONNX graph with the weights as they are now."""
        network = onnx.ModelProto()
        network.CopyFrom(self._network)
        for i in network.graph.initializer:
            if i.name in self.weights:
                trained = self.weights[i.name].detach().numpy()
                i.CopyFrom(numpy_helper.from_array(trained, i.name))
        return network


class NetworkTrainer:
    """Trains the network under a head on some of the local films.

    networks: ONNX graphs by the name of the embedding that they give. cache: where what is trained
    is kept, so that a killed run goes on. Raises UsageError as `TrainableGraph` does.
    """

    def __init__(self, networks: Mapping[str, onnx.ModelProto], cache: Path, seed: int) -> None:
        for network in networks.values():
            TrainableGraph(network)
        self._networks, self._cache, self._seed = networks, cache, seed
        self._threads = torch.get_num_threads()  # scikit-learn's are limited later

    def __call__(
        self,
        squares: np.ndarray,
        hashes: Sequence[str],
        local: LocalScores,
        rows: np.ndarray,
        head: LocalHead,
    ) -> TunedNetwork:
        """The network of `head`'s embedding, trained on `rows`; the head itself stays.

        squares: uint8 (N, S, S), all local films, with their content hashes.
        """
        start, network = (TrainableGraph(self._networks[head.embedding]) for _ in range(2))
        _check(start, squares[:BATCH], local.embeddings[head.embedding])
        settings = EPOCHS, FILMS, RATE, DISTILLED, TEMPERATURE, self._seed
        films = [(hashes[row], bool(local.truth[row])) for row in rows]
        weights = start.graph().SerializeToString() + head.weight.tobytes()
        key = sha256(weights + repr((settings, head.bias, films)).encode())
        kept = self._cache / f"network-{key[:16]}.onnx"
        if not kept.exists():
            torch.set_num_threads(self._threads)
            self._train(network, start, squares, content_keys(hashes), local.truth, rows, head)
            trained = network.graph().SerializeToString()
            write_with(kept, lambda path: path.write_bytes(trained))
        embedding = embed(open_session(kept.read_bytes(), threads=0), squares)
        return TunedNetwork(onnx.load(kept), head, embedding @ head.weight + head.bias)

    def _train(
        self,
        network: TrainableGraph,
        start: TrainableGraph,
        squares: np.ndarray,
        keys: Tensor,
        truth: np.ndarray,
        rows: np.ndarray,
        head: LocalHead,
    ) -> None:
        films, labels = torch.from_numpy(squares), torch.from_numpy(truth).float()
        weight = torch.from_numpy(head.weight).float()
        batches = -(-len(rows) // FILMS)
        optimiser = torch.optim.AdamW(network.weights.values(), lr=RATE)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, EPOCHS * batches)
        rng = np.random.default_rng(self._seed)
        with bar() as progress:
            task = progress.add_task(f"Training on {len(rows)} films", total=EPOCHS * batches)
            for epoch in range(EPOCHS):
                view = salted(keys, f"view {epoch} of seed {self._seed}")
                for batch in np.array_split(rng.permutation(rows), batches):
                    which = torch.from_numpy(batch)
                    images = augment(films[which], view[which], AugmentConfig())
                    odds = network(images) @ weight + head.bias
                    with torch.no_grad():
                        before = start(images) @ weight + head.bias
                    own = F.binary_cross_entropy_with_logits(odds, labels[which])
                    kept = kd_loss(_logits(odds), _logits(before), TEMPERATURE).mean()
                    optimiser.zero_grad()
                    torch.lerp(own, kept, DISTILLED).backward()
                    optimiser.step()
                    schedule.step()
                    progress.advance(task)


def _check(start: TrainableGraph, squares: np.ndarray, embeddings: np.ndarray) -> None:
    """That PyTorch gives what ONNX Runtime does, before anything is trained."""
    with torch.no_grad():
        given = start(torch.from_numpy(to_unit(squares))).numpy()
    known = embeddings[: len(given)]
    difference = float(np.abs(given - known).max() / max(1.0, np.abs(known).max()))
    if not difference <= PARITY:
        raise RadistillError(
            f"the network on PyTorch differs from its ONNX file by {difference:.2g}; leave out "
            "--finetune, and report this"
        )


def _logits(odds: Tensor) -> Tensor:
    """Log-odds (N,) as logits (N, 2)."""
    return torch.stack([torch.zeros_like(odds), odds], dim=1)


def _padded(x: Tensor, a: Attributes, value: float = 0.0) -> Tensor:
    """ONNX pads sides apart: top, left, bottom, right."""
    top, left, bottom, right = a.get("pads", (0, 0, 0, 0))
    return F.pad(x, (left, right, top, bottom), value=value) if any(a.get("pads", ())) else x


def _convolved(x: list[Tensor], a: Attributes) -> Tensor:
    bias = x[2] if len(x) > 2 else None
    settings = a.get("strides", 1), 0, a.get("dilations", 1), a.get("group", 1)
    return F.conv2d(_padded(x[0], a), x[1], bias, *settings)


def _linear(x: list[Tensor], a: Attributes) -> Tensor:
    weight = x[1].T if a.get("transB") else x[1]
    return x[0] @ weight + x[2] if len(x) > 2 else x[0] @ weight


def _reshaped(x: list[Tensor], _: Attributes) -> Tensor:
    return x[0].reshape([size or x[0].shape[i] for i, size in enumerate(x[1].tolist())])


def _resized(x: list[Tensor], _: Attributes) -> Tensor:
    sides = x[-1].tolist()[2:]
    if x[-1].is_floating_point():  # factors instead of sizes
        sides = [int(side * f) for side, f in zip(x[0].shape[2:], sides, strict=True)]
    return F.interpolate(x[0], sides, mode="bilinear", align_corners=False)


def _split(x: list[Tensor], a: Attributes) -> tuple[Tensor, ...]:
    sizes = x[1].tolist() if len(x) > 1 else x[0].shape[a.get("axis", 0)] // a["num_outputs"]
    return tuple(torch.split(x[0], sizes, a.get("axis", 0)))


_OPERATORS: dict[str, Operator] = {
    "Add": lambda x, _: x[0] + x[1],
    "AveragePool": lambda x, a: F.avg_pool2d(_padded(x[0], a), a["kernel_shape"], a["strides"]),
    "BatchNormalization": lambda x, a: F.batch_norm(
        x[0], x[3], x[4], x[1], x[2], eps=a.get("epsilon", 1e-5)
    ),
    "Clip": lambda x, _: x[0].clamp(*x[1:]),
    "Concat": lambda x, a: torch.cat(x, a["axis"]),
    "Conv": _convolved,
    "Div": lambda x, _: x[0] / x[1],
    "Gemm": _linear,
    "HardSigmoid": lambda x, a: (x[0] * a.get("alpha", 0.2) + a.get("beta", 0.5)).clamp(0, 1),
    "HardSwish": lambda x, _: F.hardswish(x[0]),
    "Identity": lambda x, _: x[0],
    "MaxPool": lambda x, a: F.max_pool2d(
        _padded(x[0], a, -torch.inf), a["kernel_shape"], a["strides"]
    ),
    "Mul": lambda x, _: x[0] * x[1],
    "ReduceMean": lambda x, a: x[0].mean(x[1].tolist(), keepdim=bool(a.get("keepdims", 1))),
    "Relu": lambda x, _: x[0].relu(),
    "Reshape": _reshaped,
    "Resize": _resized,
    "Sigmoid": lambda x, _: x[0].sigmoid(),
    "Split": _split,
    "Sqrt": lambda x, _: x[0].sqrt(),
    "Sub": lambda x, _: x[0] - x[1],
    "Transpose": lambda x, a: x[0].permute(a["perm"]),
}
