"""The moving average of a network's weights, which is often better than the network itself."""

import copy
from functools import cached_property
from itertools import chain

import torch
from torch import Tensor, nn


class MovingAverage(nn.Module):
    """Exponential moving average of `model`, with a shorter memory in the first steps.

    Batch-norm statistics are averaged too: those of the live network are of other weights.
    module: the average. (torch's AveragedModel counts its updates on the device, where a GPU has
    to wait to read them.)
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        super().__init__()
        self.module = copy.deepcopy(model)
        self.decay = decay
        self.updates = 0
        self._of = (model,)  # in a tuple, so that it is no part of this module

    @torch.no_grad()
    def update(self) -> None:
        """Take in the weights of the model as they are now."""
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates)) if self.updates else 0.0
        torch._foreach_lerp_(*self._tensors, 1 - decay)
        self.updates += 1

    @cached_property
    def _tensors(self) -> tuple[list[Tensor], list[Tensor]]:
        """Those of the average and of the model; listed late, for accelerate replaces buffers."""
        own, current = (
            [
                tensor
                for tensor in chain(network.parameters(), network.buffers())
                if tensor.is_floating_point()
            ]
            for network in (self.module, *self._of)
        )
        return own, current

    def get_extra_state(self) -> int:
        return self.updates

    def set_extra_state(self, state: int) -> None:
        self.updates = state
