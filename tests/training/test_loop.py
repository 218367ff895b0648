import dataclasses

import pytest
import torch

from radistill.config import AugmentConfig, Recipe
from radistill.errors import RadistillError
from radistill.models import create
from radistill.training import loop
from radistill.training.objective import CrossEntropy
from radistill.training.task import TrainingTask


def run(recipe: Recipe, task: TrainingTask, objective=None, mixup: float = 0.0, **changes):
    recipe = recipe.model_copy(update=changes)
    torch.manual_seed(0)
    model, _ = create("baseline", classes=2, dropout=0.3, weights="random", input_size=32)
    history = loop.train(model, recipe, task, AugmentConfig(mixup=mixup), objective=objective)
    return model, history


def test_it_learns(tiny, task) -> None:
    _, history = run(tiny, task(), epochs=6)
    assert history[-1].train_loss < history[0].train_loss
    assert max(row.val_auc for row in history) > 0.95


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"ema": 0.9, "schedule": "onecycle"},
        {"optimizer": "sgd", "schedule": "constant", "warmup_epochs": 1},
        {"mixup": 0.4, "clip_norm": 1.0, "criterion": "worst_auc"},
        {"frozen_stages": 1, "batch_norm": "frozen", "cached_views": 2},
    ],
)
def test_resumed_equals_unbroken(tiny, task, tmp_path, changes) -> None:
    """A training that stops during epoch 3 of 4 ends with the same weights and figures."""
    unbroken, history = run(tiny, task(folder=tmp_path / "a"), epochs=4, **changes)

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
        run(tiny, task(folder=tmp_path / "b"), epochs=4, objective=Dies(), **changes)
    resumed, again = run(tiny, task(folder=tmp_path / "b"), epochs=4, **changes)

    for one, two in zip(unbroken.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(one, two)
    for one, two in zip(history, again, strict=True):
        assert dataclasses.replace(one, seconds=0) == dataclasses.replace(two, seconds=0)


def test_a_checkpoint_of_other_settings_is_not_loaded(tiny, task) -> None:
    run(tiny, task())
    torch.manual_seed(0)
    model, _ = create("baseline", classes=2, weights="random", input_size=32)
    history = loop.train(model, tiny, task(key="another"), AugmentConfig())
    assert [row.epoch for row in history] == [1, 2, 3]


def test_a_damaged_checkpoint_starts_over(tiny, task, tmp_path) -> None:
    (tmp_path / "checkpoint.pt").write_bytes(b"PK\x03\x04 not really")
    _, history = run(tiny, task(), epochs=1)
    assert len(history) == 1


def test_early_stopping_keeps_the_best_epoch(tiny, task) -> None:
    model, history = run(tiny, task(), epochs=40, patience=2, learning_rate=3e-3)
    best = max(history, key=lambda row: row.criterion)
    assert len(history) < 40
    assert len(history) - best.epoch == 2
    figures = loop.validate(model, task().val, 1, "auc", task().accelerator)
    assert figures.val_auc == pytest.approx(best.val_auc)


def test_a_loss_that_is_not_finite_stops_with_step_and_films(tiny, task) -> None:
    class Broken(CrossEntropy):
        def __call__(self, *args):
            return super().__call__(*args) * float("nan")

    with pytest.raises(RadistillError, match=r"epoch 1, step 1.*0-"):
        run(tiny, task(), objective=Broken())


def test_the_last_epoch_is_kept_where_nothing_is_chosen(tiny, task) -> None:
    model, history = run(tiny, task(), epochs=3, criterion="last")
    assert [row.criterion for row in history] == [1, 2, 3]
    figures = loop.validate(model, task().val, 1, "auc", task().accelerator)
    assert figures.val_auc == pytest.approx(history[-1].val_auc)


def test_frozen_stages_do_not_move(task) -> None:
    recipe = Recipe(
        architecture="resnet18", epochs=1, batch_size=8, frozen_stages=4, learning_rate=1e-2
    )
    torch.manual_seed(0)
    model, _ = create("resnet18", classes=2, weights="random", input_size=32)
    before = {k: v.clone() for k, v in model.state_dict().items()}
    loop.train(model, recipe, task(16, 8), AugmentConfig())
    after = model.state_dict()
    moved = {key.split(".")[1] for key in before if not torch.equal(before[key], after[key])}
    assert moved == {"layer4", "1"}  # the last stage, and the head's linear layer
