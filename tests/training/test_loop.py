import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from radistill.config import AugmentConfig, ModelConfig
from radistill.errors import RadistillError
from radistill.models import create
from radistill.training import loop
from radistill.training.objective import CrossEntropy


def run(tiny: ModelConfig, films, accelerator, folder: Path, **changes):
    objective = changes.pop("objective", None)
    config = tiny.model_copy(update=changes)
    torch.manual_seed(0)
    model, _ = create("baseline", classes=2, dropout=0.3, weights="random", input_size=32)
    history = loop.train(
        model, config, AugmentConfig(), films(48), films(24, seed=1), positive=1, folder=folder,
        key="k", seed=0, accelerator=accelerator, name="test", objective=objective,
    )  # fmt: skip
    return model, history


def test_it_learns(tiny, films, accelerator, tmp_path) -> None:
    _, history = run(tiny, films, accelerator, tmp_path, epochs=6)
    assert history[-1].train_loss < history[0].train_loss
    assert max(row.val_auc for row in history) > 0.95


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"ema": 0.9, "schedule": "onecycle"},
        {"optimizer": "sgd", "schedule": "step", "step_size": 1, "warmup_epochs": 1},
        {"mixup": 0.4, "class_weights": True, "clip_norm": 1.0, "criterion": "worst_auc"},
        {"frozen_stages": 1, "batch_norm": "frozen", "cached_views": 2},
    ],
)
def test_resumed_equals_unbroken(tiny, films, accelerator, tmp_path, changes) -> None:
    """A training that stops during epoch 3 of 4 goes on to the same weights and figures."""
    unbroken, history = run(tiny, films, accelerator, tmp_path / "a", epochs=4, **changes)

    class Killed(Exception):
        pass

    calls = 0

    class Dies(CrossEntropy):
        def __call__(self, *args):
            nonlocal calls
            calls += 1
            if calls == 15:  # six steps an epoch
                raise Killed
            return super().__call__(*args)

    with pytest.raises(Killed):
        run(tiny, films, accelerator, tmp_path / "b", epochs=4, objective=Dies(), **changes)
    resumed, again = run(tiny, films, accelerator, tmp_path / "b", epochs=4, **changes)

    for one, two in zip(unbroken.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(one, two)
    for one, two in zip(history, again, strict=True):
        assert dataclasses.replace(one, seconds=0) == dataclasses.replace(two, seconds=0)


def test_a_checkpoint_of_other_settings_is_not_taken_up(tiny, films, accelerator, tmp_path) -> None:
    run(tiny, films, accelerator, tmp_path)
    torch.manual_seed(0)
    model, _ = create("baseline", classes=2, weights="random", input_size=32)
    history = loop.train(
        model, tiny, AugmentConfig(), films(48), films(24, seed=1), positive=1, folder=tmp_path,
        key="another", seed=0, accelerator=accelerator, name="test",
    )  # fmt: skip
    assert [row.epoch for row in history] == [1, 2, 3]


def test_a_damaged_checkpoint_starts_over(tiny, films, accelerator, tmp_path) -> None:
    (tmp_path / "checkpoint.pt").write_bytes(b"PK\x03\x04 not really")
    _, history = run(tiny, films, accelerator, tmp_path, epochs=1)
    assert len(history) == 1


def test_early_stopping_keeps_the_best_epoch(tiny, films, accelerator, tmp_path) -> None:
    model, history = run(
        tiny, films, accelerator, tmp_path, epochs=40, patience=2, learning_rate=3e-3
    )
    best = max(history, key=lambda row: row.criterion)
    assert len(history) < 40
    assert len(history) - best.epoch == 2
    figures = loop.validate(model, films(24, seed=1), 1, "auc", accelerator)
    assert figures.auc == pytest.approx(best.val_auc)


def test_a_loss_that_is_not_finite_stops_with_step_and_films(
    tiny, films, accelerator, tmp_path
) -> None:
    class Broken(CrossEntropy):
        def __call__(self, *args):
            return super().__call__(*args) * float("nan")

    with pytest.raises(RadistillError, match=r"epoch 1, step 1.*0-"):
        run(tiny, films, accelerator, tmp_path, objective=Broken())


def test_the_last_epoch_is_kept_where_nothing_is_chosen(tiny, films, accelerator, tmp_path) -> None:
    model, history = run(tiny, films, accelerator, tmp_path, epochs=3, criterion="last")
    assert [row.criterion for row in history] == [1, 2, 3]
    figures = loop.validate(model, films(24, seed=1), 1, "auc", accelerator)
    assert figures.auc == pytest.approx(history[-1].val_auc)


def test_frozen_stages_do_not_move(films, accelerator, tmp_path) -> None:
    config = ModelConfig(
        architecture="resnet18", weights="random", input_size=32, epochs=1, batch_size=8,
        frozen_stages=4, learning_rate=1e-2,
    )  # fmt: skip
    torch.manual_seed(0)
    model, _ = create("resnet18", classes=2, weights="random", input_size=32)
    before = {k: v.clone() for k, v in model.state_dict().items()}
    loop.train(
        model, config, AugmentConfig(), films(16), films(8, seed=1), positive=1, folder=tmp_path,
        key="k", seed=0, accelerator=accelerator, name="test",
    )  # fmt: skip
    after = model.state_dict()
    moved = {key.split(".")[1] for key in before if not torch.equal(before[key], after[key])}
    assert moved == {"layer4", "1"}  # the last stage, and the head's linear layer


def test_batch_is_shared_evenly(tiny) -> None:
    assert loop._batch_size(tiny.model_copy(update={"batch_size": 7}), 100, 2) == 6
    assert loop._batch_size(tiny, 5, 1) == 5
    with pytest.raises(RadistillError):
        loop._batch_size(tiny, 1, 2)


def test_class_weights_average_to_one() -> None:
    from radistill.training.objective import class_weights

    targets = np.array([0, 0, 0, 1])
    weights = class_weights(targets, 3)
    assert weights[targets].mean() == pytest.approx(1)
    assert weights[1] == pytest.approx(3 * float(weights[0]))
