"""What models cost to keep and to run on a CPU."""

import time
import weakref
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from radistill.schema.figures import Cost

WARM_UP, RUNS = 5, 30
BATCH = 32  # films at once, for throughput


def cost(model: nn.Module, input_size: int, weights: Path) -> Cost:
    """Size and arithmetic of `model`; what running it costs is measured in `costs_side_by_side`.

    input_size: side S of the float32 input (1, 1, S, S). weights: the file whose size counts.
    Returns parameters (count), macs (multiply-accumulates of convolutions and matrix products) and
    file_bytes. The model's mode and device and torch's thread count are put back.
    """
    with _ready(model), torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(torch.zeros(1, 1, input_size, input_size))
    return Cost(
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        macs=int(counter.get_total_flops()) // 2,
        file_bytes=weights.stat().st_size,
    )


def costs_side_by_side(
    models: Mapping[str, tuple[nn.Module, int]], runs: int = RUNS
) -> dict[str, Cost]:
    """What running each model costs, all in one run, warm, taking turns.

    models: by name, a model and its input size. A load on the machine, or its clock slowing down,
    then meets all alike. Returns for each latency_ms_p50 and latency_ms_p95 of one film on one
    thread, films_per_second of batches of 32 on `throughput_threads` threads, and
    peak_memory_bytes, see `peak_memory`.
    """
    images = {name: torch.zeros(1, 1, size, size) for name, (_, size) in models.items()}
    times: dict[str, list[float]] = {name: [] for name in models}
    rates: dict[str, list[float]] = {name: [] for name in models}
    threads = torch.get_num_threads()
    with ExitStack() as stack:
        for model, _ in models.values():
            stack.enter_context(_ready(model))
        for turn in range(-WARM_UP, runs):
            for name, (model, _) in models.items():
                taken = _milliseconds(model, images[name])
                times[name] += [taken] if turn >= 0 else []
        torch.set_num_threads(threads)
        for turn in range(-1, 3):
            for name, (model, _) in models.items():
                batch = images[name].expand(BATCH, -1, -1, -1).contiguous()
                taken = _milliseconds(model, batch)
                rates[name] += [1000 * BATCH / taken] if turn >= 0 else []
    return {
        name: Cost(
            latency_ms_p50=float(np.percentile(times[name], 50)),
            latency_ms_p95=float(np.percentile(times[name], 95)),
            threads=1,
            films_per_second=float(np.median(rates[name])),
            throughput_threads=threads,
            peak_memory_bytes=peak_memory(model, images[name]),
        )
        for name, (model, _) in models.items()
    }


def peak_memory(model: nn.Module, image: torch.Tensor) -> int:
    """Bytes of the weights, and of the tensors alive at once at most while one film is scored.

    As PyTorch's allocator counts them: the interpreter and the libraries come on top.
    """
    kept = sum(t.nbytes for t in (*model.parameters(), *model.buffers()))
    with _ready(model), torch.no_grad(), _LiveTensors() as live:
        model(image)
    return int(kept + image.nbytes + live.peak)


class _LiveTensors(TorchDispatchMode):
    """Counts the bytes of the tensors that operations make, until they are freed."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.now: int = 0
        self.peak: int = 0
        self._known: dict[int, weakref.ref[Any]] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if not func.is_view:
            for tensor in tree_leaves(result):
                if isinstance(tensor, torch.Tensor):
                    self._count(tensor.untyped_storage())
        return result

    def _count(self, storage: torch.UntypedStorage) -> None:
        key, size = id(storage), storage.nbytes()
        if key in self._known:  # written in place
            return

        def freed(_: object) -> None:
            del self._known[key]
            self.now -= size

        self._known[key] = weakref.ref(storage, freed)
        self.now += size
        self.peak = max(self.peak, self.now)


@contextmanager
def _ready(model: nn.Module) -> Iterator[None]:
    """The model in eval mode on the CPU, torch on one thread; all put back."""
    training, device, before = model.training, _device(model), torch.get_num_threads()
    model.eval().to("cpu")
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
        model.train(training).to(device)


def _device(model: nn.Module) -> torch.device:
    parameter = next(model.parameters(), None)
    return torch.device("cpu") if parameter is None else parameter.device


def _milliseconds(model: nn.Module, image: torch.Tensor) -> float:
    """Of one pass through a model that is `_ready`."""
    with torch.inference_mode():
        start = time.perf_counter()
        model(image)
        return 1000 * (time.perf_counter() - start)
