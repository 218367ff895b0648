"""The calibration as a part of the graph, so that whoever runs the file gets its probabilities."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from radistill.schema.figures import CalibrationMap


class Calibrated(nn.Module):
    """Probabilities as trained -> as `calibrate_predictions` gives them, (N, K), in float32.

    positive: index of the class whose probability is mapped; the others share what is left in
    proportion, which with one other class is all of it.
    """

    start: Tensor
    width: Tensor
    rise: Tensor
    others: Tensor

    def __init__(self, calibration: CalibrationMap, *, positive: int, classes: int) -> None:
        super().__init__()
        self.calibration = calibration
        x = torch.tensor(calibration.x, dtype=torch.float64)
        y = torch.tensor(calibration.y, dtype=torch.float64)
        self.bottom = calibration.y[0] if calibration.y else 0.0
        self.register_buffer("start", x[:-1].float())
        self.register_buffer("width", x.diff().float())
        self.register_buffer("rise", y.diff().float())
        self.register_buffer("others", (torch.arange(classes) != positive).float())

    def forward(self, probability: Tensor, log_odds: Tensor) -> Tensor:
        """log_odds: (N,), of the positive class as trained."""
        if self.calibration.kind == "none":
            return probability
        rest = probability * self.others
        total = rest.sum(dim=1, keepdim=True)
        before = (probability * (1 - self.others)).sum(dim=1, keepdim=True)
        after = self._map(before, log_odds[:, None])
        shared = rest / total.clamp(min=1e-30) * (1 - after)
        return shared + (1 - self.others) * after

    def _map(self, probability: Tensor, log_odds: Tensor) -> Tensor:
        if self.calibration.kind == "temperature":
            return torch.sigmoid(log_odds / self.calibration.temperature)
        # One ramp a piece: each is exact to the last bit of its rise, however steep.
        ramps = ((probability - self.start) / self.width).clamp(0, 1)
        return self.bottom + (ramps * self.rise).sum(dim=1, keepdim=True)
