import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from radistill.models import create
from radistill.training.head import train_head
from radistill.training.outputs import outputs, plain


def fit(tiny, films, accelerator, folder, **changes):
    torch.manual_seed(0)
    model, _ = create("resnet18", classes=2, weights="random", input_size=32)
    config = tiny.model_copy(update={"head_epochs": 60, "weight_decay": 0.0, **changes})
    train, val = films(64), films(32, seed=1)
    history = train_head(
        model, config, train, val, positive=1, folder=folder, key="k", seed=0,
        accelerator=accelerator,
    )  # fmt: skip
    return model, history, train, val


def test_it_agrees_with_logistic_regression(tiny, films, accelerator, tmp_path) -> None:
    model, history, train, val = fit(tiny, films, accelerator, tmp_path)
    model.eval()
    x = [outputs(model.embedding, len(f), plain(f), accelerator).numpy() for f in (train, val)]
    scale = (x[0] - x[0].mean(axis=0)).std()
    oracle = LogisticRegression(C=10).fit(x[0] / scale, train.targets)
    expected = oracle.predict(x[1] / scale)
    found = outputs(model, len(val), plain(val), accelerator).argmax(dim=1).numpy()
    assert (found == expected).mean() > 0.9
    assert max(row.val_auc for row in history) > 0.95


def test_the_backbone_stands_still_and_the_best_epoch_is_kept(
    tiny, films, accelerator, tmp_path
) -> None:
    torch.manual_seed(0)
    before, _ = create("resnet18", classes=2, weights="random", input_size=32)
    model, history, _, val = fit(tiny, films, accelerator, tmp_path, head_epochs=5)
    for one, two in zip(before.backbone.parameters(), model.backbone.parameters(), strict=True):
        assert torch.equal(one, two)
    model.eval()
    logits = outputs(model, len(val), plain(val), accelerator)
    loss = torch.nn.functional.cross_entropy(logits, torch.from_numpy(val.targets))
    best = max(history, key=lambda row: row.criterion)
    assert float(loss) == pytest.approx(best.val_loss, rel=1e-3)


def test_features_are_computed_once(tiny, films, accelerator, tmp_path, monkeypatch) -> None:
    first, *_ = fit(tiny, films, accelerator, tmp_path)
    monkeypatch.setattr("radistill.training.head.outputs", None)
    second, *_ = fit(tiny, films, accelerator, tmp_path)
    assert np.array_equal(first.head[-1].weight.detach(), second.head[-1].weight.detach())
