import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from radistill.models import create
from radistill.training.head import train_head
from radistill.training.outputs import outputs, plain


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
    best = max(history, key=lambda row: row.criterion)
    assert float(loss) == pytest.approx(best.val_loss, rel=1e-3)


def test_features_are_computed_once(tiny, task, monkeypatch) -> None:
    first, *_ = fit(tiny, task)
    monkeypatch.setattr("radistill.training.head.outputs", None)
    second, *_ = fit(tiny, task)
    assert np.array_equal(first.head[-1].weight.detach(), second.head[-1].weight.detach())
