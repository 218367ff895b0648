"""A linear probe: logistic regression on the features of a network that stays as it is.

With a few dozen labels it is a better teacher than a network tuned to them: what it does not move
it cannot spoil (Kumar et al. 2022, "Fine-Tuning can Distort Pretrained Features").
"""

import time
from dataclasses import asdict

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from radistill.config import Recipe
from radistill.models import GreyClassifier
from radistill.training.history import Epoch
from radistill.training.outputs import Draw, outputs, plain
from radistill.training.task import TrainingTask
from radistill.training.validation import validation_figures
from radistill.training.views import Views

# Inverse strength of the L2 penalty, of all views of a film together; by held-out file-name
# prefixes, where 0.1 to 1 were alike.
STRENGTH = 0.3
SMALLEST = 1e-2  # of the mean deviation: what hardly varies is not blown up to weigh as much
ABSENT = -20.0  # logit, beside the others, of an output that no film has


def fit_linear_probe(
    model: GreyClassifier, recipe: Recipe, task: TrainingTask, views: Views
) -> list[Epoch]:
    """Fit `model.head` on the features of all `views` of the films; leave the rest untouched.

    Features are centred and scaled, each by its own deviation, and the head is folded back to the
    original ones. Returns a single row.
    """
    began, device = time.perf_counter(), task.accelerator.device
    model.to(device).eval()

    def features(draw: Draw, count: int, what: str) -> np.ndarray:
        embeddings: np.ndarray = outputs(
            model.embedding, count, draw, task.accelerator, description=f"features of {what}"
        ).numpy()
        return embeddings

    def images(view: int) -> Draw:
        return lambda rows: views.images(task.train, rows, view, device)

    films, numbers = len(task.train), range(views.count)
    each = [features(images(v), films, f"view {v + 1} of {views.count}") for v in numbers]
    every = np.concatenate(each)
    mean, scale = every.mean(axis=0), every.std(axis=0)
    scale = np.maximum(scale, SMALLEST * scale.mean())
    x, y = (every - mean) / scale, np.tile(task.train.targets, views.count)
    probe = LogisticRegression(C=STRENGTH / views.count, max_iter=1000).fit(x, y)
    weight, bias = _of_all_outputs(probe, model.classes)
    _install(model, weight / scale, bias - weight @ (mean / scale))
    val = features(plain(task.val, device), len(task.val), "validation films")
    with torch.no_grad():
        logits = model.head(torch.from_numpy(val).to(device)).cpu()
    figures = validation_figures(logits, task.val, task.positive, recipe.criterion)
    loss = float(log_loss(y, probe.predict_proba(x), labels=probe.classes_))
    return [Epoch(1, "head", 0.0, loss, **asdict(figures), seconds=time.perf_counter() - began)]


def _of_all_outputs(probe: LogisticRegression, outputs: int) -> tuple[np.ndarray, np.ndarray]:
    """Weight (outputs, D) and bias (outputs,), where scikit-learn has one row for two classes."""
    coefficients, intercepts = probe.coef_, probe.intercept_
    if len(probe.classes_) == 2:
        coefficients = np.concatenate([-coefficients, coefficients]) / 2
        intercepts = np.concatenate([-intercepts, intercepts]) / 2
    weight, bias = np.zeros((outputs, coefficients.shape[1])), np.full(outputs, ABSENT)
    weight[probe.classes_], bias[probe.classes_] = coefficients, intercepts
    return weight, bias


@torch.no_grad()
def _install(model: GreyClassifier, weight: np.ndarray, bias: np.ndarray) -> None:
    linear = model.head[-1]
    assert isinstance(linear, torch.nn.Linear)
    linear.weight.copy_(torch.from_numpy(weight))
    linear.bias.copy_(torch.from_numpy(bias))
