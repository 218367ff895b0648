"""Costs that can be counted by hand."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from radistill.explain.cost import cost, costs_side_by_side, peak_memory


@pytest.fixture
def tiny():
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4 * 64, 2)
    )


def test_counts(tiny, tmp_path):
    weights = tmp_path / "weights.safetensors"
    weights.write_bytes(b"x" * 123)
    result = cost(tiny, 8, weights)
    assert result.macs == 8 * 8 * 4 * 9 + 4 * 64 * 2
    assert result.parameters == 4 * 9 + 4 + 8 + 4 * 64 * 2 + 2
    assert result.file_bytes == 123


def test_threads_mode_and_statistics_are_put_back(tiny, tmp_path):
    weights = tmp_path / "w"
    weights.touch()
    before = torch.get_num_threads()
    seen = []
    tiny[0].register_forward_hook(lambda *_: seen.append((torch.get_num_threads(), tiny.training)))
    torch.set_num_threads(2)
    try:
        tiny.train()
        mean = tiny[1].running_mean.clone()
        cost(tiny, 8, weights)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert set(seen) == {(1, False)}
    assert tiny.training
    assert torch.equal(mean, tiny[1].running_mean)


def test_put_back_after_a_failure_too(tiny, tmp_path):
    tiny.train()
    before = torch.get_num_threads()
    with pytest.raises(RuntimeError):
        cost(tiny, 9, tmp_path / "w")
    assert tiny.training
    assert torch.get_num_threads() == before


def test_peak_memory_by_hand():
    """Weights, the film, and the two largest tensors that live at once."""
    network = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 64, 2)
    )
    weights = 4 * (4 * 9 + 4 + 4 * 64 * 2 + 2)
    assert peak_memory(network, torch.zeros(1, 1, 8, 8)) == weights + 4 * 64 + 2 * 4 * 4 * 64


def test_models_side_by_side(tiny):
    large = nn.Sequential(nn.Conv2d(1, 64, 7, padding=3), nn.ReLU(), nn.Conv2d(64, 64, 7))
    tiny.train()
    found = costs_side_by_side({"tiny": (tiny, 8), "large": (large, 48)}, runs=5)
    assert found["tiny"].latency_ms_p50 < found["large"].latency_ms_p50
    assert found["tiny"].films_per_second > found["large"].films_per_second
    assert found["tiny"].peak_memory_bytes < found["large"].peak_memory_bytes
    assert tiny.training
    for costs in found.values():
        assert 0 < costs.latency_ms_p50 <= costs.latency_ms_p95
        assert costs.threads == 1
        assert costs.throughput_threads == torch.get_num_threads()
