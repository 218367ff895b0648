"""What a model costs to keep and to run, on one thread of a CPU."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

WARM_UP = 5


def cost(model: nn.Module, input_size: int, weights: Path, runs: int) -> dict[str, Any]:
    """Size, arithmetic and latency of one image through `model`.

    input_size: side S of the float32 input (1, 1, S, S). weights: the file whose size counts.
    Returns parameters (count), macs (multiply-accumulates of convolutions and matrix products),
    file_bytes, latency_ms_p50 and latency_ms_p95 over `runs` timed runs after a warm-up, and
    threads (1). The model's mode and device and torch's thread count are put back.
    """
    image = torch.zeros(1, 1, input_size, input_size)
    training, device, threads = model.training, _device(model), torch.get_num_threads()
    model.eval().to("cpu")
    torch.set_num_threads(1)
    try:
        with torch.inference_mode():
            milliseconds = _latencies(model, image, runs)
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            model(image)
    finally:
        torch.set_num_threads(threads)
        model.train(training).to(device)
    return {
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "macs": int(counter.get_total_flops()) // 2,
        "file_bytes": weights.stat().st_size,
        "latency_ms_p50": float(np.percentile(milliseconds, 50)),
        "latency_ms_p95": float(np.percentile(milliseconds, 95)),
        "threads": 1,
    }


def _device(model: nn.Module) -> torch.device:
    parameter = next(model.parameters(), None)
    return torch.device("cpu") if parameter is None else parameter.device


def _latencies(model: nn.Module, image: torch.Tensor, runs: int) -> list[float]:
    for _ in range(WARM_UP):
        model(image)
    milliseconds = []
    for _ in range(runs):
        start = time.perf_counter()
        model(image)
        milliseconds.append(1000 * (time.perf_counter() - start))
    return milliseconds
