"""Small networks that can be told apart, and films they can tell apart."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from radistill.models import GreyClassifier

from ..finished_run import finished_runs, make_run  # noqa: F401

SIDE = 32


def tiny_classifier(classes: int = 2) -> GreyClassifier:
    """What real networks have: convolution, batch norm, global mean, a linear head."""
    body = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1, bias=False),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding=1),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
    )
    return GreyClassifier(
        body,
        embedding_size=16,
        classes=classes,
        architecture="tiny",
        input_size=SIDE,
        mean=(0.5,),
        std=(0.25,),
    )


@pytest.fixture(scope="session")
def films() -> tuple[np.ndarray, np.ndarray]:
    """uint8 (60, 32, 32) and bool (60,): positive films have a brighter patch."""
    rng = np.random.default_rng(0)
    truth = np.arange(60) >= 30
    squares = rng.normal(100, 25, (60, SIDE, SIDE))
    squares[truth, 8:20, 8:20] += rng.uniform(5, 60, 30)[:, None, None]
    return squares.clip(0, 255).astype(np.uint8), truth


@pytest.fixture(scope="session")
def trained(films: tuple[np.ndarray, np.ndarray]) -> GreyClassifier:
    """A network that has learnt the films well, left in training mode on purpose."""
    torch.manual_seed(0)
    squares, truth = films
    x = torch.from_numpy(squares).float().unsqueeze(1) / 255
    y = torch.from_numpy(truth).long()
    model = tiny_classifier()
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    for _ in range(60):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
    return model


@pytest.fixture
def tiny() -> GreyClassifier:
    """Three classes, random weights."""
    torch.manual_seed(1)
    return tiny_classifier(classes=3)
