from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch.nn import functional as F

from radistill.config import AugmentConfig
from radistill.errors import RadistillError
from radistill.models import create, set_training_mode
from radistill.training import loop
from radistill.training.head import FEATURES, train_head
from radistill.training.objective import CrossEntropy
from radistill.training.outputs import outputs, plain
from radistill.training.views import Views


def fit(tiny, task, **changes):
    torch.manual_seed(0)
    model, _ = create("resnet18", classes=2, weights="random", input_size=32)
    recipe = tiny.model_copy(update={"head_epochs": 60, "weight_decay": 0.0, **changes})
    of_64 = task(64, 32)
    history = train_head(model, recipe, of_64)
    return model, history, of_64.train, of_64.val


def test_it_agrees_with_logistic_regression(tiny, task, accelerator) -> None:
    model, history, train, val = fit(tiny, task)
    model.eval()
    x = [outputs(model.embedding, len(f), plain(f), accelerator).numpy() for f in (train, val)]
    scale = (x[0] - x[0].mean(axis=0)).std()
    oracle = LogisticRegression(C=10).fit(x[0] / scale, train.targets)
    expected = oracle.predict(x[1] / scale)
    predicted = outputs(model, len(val), plain(val), accelerator).argmax(dim=1).numpy()
    assert (predicted == expected).mean() > 0.9
    assert max(row.val_auc for row in history) > 0.95


def test_the_backbone_is_unchanged_and_the_best_epoch_is_kept(tiny, task, accelerator) -> None:
    torch.manual_seed(0)
    before, _ = create("resnet18", classes=2, weights="random", input_size=32)
    model, history, _, val = fit(tiny, task, head_epochs=5)
    for one, two in zip(before.backbone.parameters(), model.backbone.parameters(), strict=True):
        assert torch.equal(one, two)
    model.eval()
    logits = outputs(model, len(val), plain(val), accelerator)
    loss = torch.nn.functional.cross_entropy(logits, torch.from_numpy(val.targets))
    best = max(history, key=lambda row: (row.criterion, -row.val_loss))
    assert float(loss) == pytest.approx(best.val_loss, rel=1e-3)


def test_features_are_computed_once(tiny, task, monkeypatch) -> None:
    first, *_ = fit(tiny, task)
    monkeypatch.setattr("radistill.training.head.outputs", None)
    second, *_ = fit(tiny, task)
    assert np.array_equal(first.head[-1].weight.detach(), second.head[-1].weight.detach())


def test_features_that_are_not_finite_are_reported(tiny, task) -> None:
    model, _ = create("baseline", classes=2, weights="random", input_size=32)
    with torch.no_grad():
        next(model.parameters()).fill_(torch.inf)
    with pytest.raises(RadistillError, match=r"not finite numbers: .*mixed_precision=no"):
        train_head(model, tiny.model_copy(update={"head_epochs": 1}), task())


def test_fine_tuning_does_not_throw_the_head_out_of_its_optimum(tiny, task, films) -> None:
    """Of few films that are hard to tell apart, at a high learning rate."""
    hard = replace(task(), train=films(64, gap=10), val=films(32, seed=1, gap=10))
    settings = {"architecture": "resnet18", "batch_norm": "frozen", "learning_rate": 5e-3}
    recipe = tiny.model_copy(update={"head_epochs": 30, "epochs": 4, **settings})
    torch.manual_seed(0)
    model, _ = create("resnet18", classes=2, weights="random", input_size=32)
    train_head(model, recipe, hard)
    losses = []

    class Recorded(CrossEntropy):
        def __call__(self, *args):
            loss = super().__call__(*args)
            losses.append(loss.mean().item())
            return loss

    still = AugmentConfig(rotate=0, shift=0, scale=0, brightness=0, contrast=0, noise=0)
    loop.train(model, recipe, hard, Views(4, 0, still), objective=Recorded())
    assert max(losses[:5]) < losses[0] + 0.5


def test_the_head_fits_features_normalised_as_fine_tuning_does(tiny, task, tmp_path) -> None:
    """With all films in one batch its statistics are those of fine-tuning, and so is the loss."""
    losses = {}
    for batch_norm in ("train", "frozen"):
        (tmp_path / FEATURES).unlink(missing_ok=True)
        model, history, train, _ = fit(tiny, task, batch_size=64, batch_norm=batch_norm)
        images, truth = plain(train)(np.arange(64)), torch.from_numpy(train.targets)
        set_training_mode(model, frozen_stages=0, batch_norm="train")
        with torch.no_grad():
            losses[batch_norm] = F.cross_entropy(model(images), truth).item()
        assert history[-1].train_loss < 0.1
    assert losses["train"] < 0.2 < losses["frozen"]
