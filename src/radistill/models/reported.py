"""From the outputs of a network to the classes that are reported."""

from collections.abc import Sequence

import torch
from torch import Tensor


def class_probabilities(logits: Tensor, class_of: Sequence[int]) -> Tensor:
    """Softmax, summed over the outputs that are reported as one class.

    logits: (N, outputs). class_of: the class of each output; all classes occur. Returns (N,
    classes), each row with sum 1. With one output a class this is the plain softmax.
    """
    probabilities = logits.softmax(dim=1)
    if tuple(class_of) == tuple(range(logits.shape[1])):
        return probabilities
    sums = probabilities.new_zeros(len(logits), max(class_of) + 1)
    return sums.index_add(1, torch.tensor(class_of, device=logits.device), probabilities)
