import dataclasses
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from radistill.config import AugmentConfig, DistillConfig, Method, Recipe
from radistill.distill.objective import Distillation
from radistill.distill.teacher_outputs import cache_teacher_outputs
from radistill.errors import RadistillError
from radistill.models import create
from radistill.training import loop
from radistill.training.objective import CrossEntropy
from radistill.training.step import Gradients
from radistill.training.task import TrainingTask
from radistill.training.views import Views


def run(recipe: Recipe, task: TrainingTask, objective=None, mixup: float = 0.0, **changes):
    recipe = recipe.model_copy(update=changes)
    torch.manual_seed(0)
    model, _ = create("baseline", classes=2, dropout=0.3, weights="random", input_size=32)
    views = Views(recipe.cached_views or recipe.epochs, task.seed, AugmentConfig(mixup=mixup))
    history = loop.train(model, recipe, task, views, objective=objective)
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
    history = loop.train(model, tiny, task(key="another"), Views(3, 0, AugmentConfig()))
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


def test_a_loss_that_is_not_finite_stops_with_the_first_such_step_and_its_films(tiny, task) -> None:
    class Broken(CrossEntropy):
        steps = 0

        def __call__(self, *args):
            self.steps += 1
            return super().__call__(*args) * (float("nan") if self.steps in (9, 11) else 1.0)

    with pytest.raises(RadistillError, match=r"epoch 2, step 3") as error:  # six steps an epoch
        run(tiny, task(), objective=Broken())
    named = set(str(error.value).split("batch: ")[1].split(", "))
    order = np.random.default_rng([0, 2]).permutation(48)[16:24]
    assert named == {f"0-{row}" for row in order}


@pytest.mark.parametrize("changes", [{}, {"ema": 0.9, "criterion": "worst_auc"}])
def test_weights_that_the_last_step_spoils_are_noticed_with_its_films(tiny, task, changes) -> None:
    class Spoilt(CrossEntropy):
        steps = 0

        def __call__(self, outputs, *args):
            self.steps += 1
            loss = super().__call__(outputs, *args)
            if self.steps < 12:  # six steps an epoch
                return loss
            return loss + (outputs.logits * 0).sum(dim=1).sqrt()  # 0, of infinite slope

    with pytest.raises(RadistillError, match=r"validation .* epoch 2, step 6") as error:
        run(tiny, task(), objective=Spoilt(), **changes)
    named = set(str(error.value).split("batch: ")[1].split(", "))
    order = np.random.default_rng([0, 2]).permutation(48)[40:]
    assert named == {f"0-{row}" for row in order}


def test_too_little_memory_for_a_batch_says_what_to_do(tiny, task) -> None:
    class Large(CrossEntropy):
        def __call__(self, *args):
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")

    with pytest.raises(RadistillError, match=r"test: .* batch of 8 films at 32.*batch_size"):
        run(tiny, task(), objective=Large())


def transfers(recipe: Recipe, job: TrainingTask, tmp_path: Path, **changes) -> Counter[str]:
    """How often an epoch, after the first, reads a number off the device or moves what lies there.

    On a GPU each such read waits for all that was asked for before.
    """
    recipe = recipe.model_copy(update=changes)
    torch.manual_seed(0)
    model, _ = create(recipe.architecture, classes=2, weights="random", input_size=32)
    teacher, _ = create("baseline", classes=2, weights="random", input_size=32)
    views = Views(2, 0, AugmentConfig(jpeg=0.5, resample=0.5, mixup=0.2))
    objective = Distillation(
        cache_teacher_outputs(
            teacher, job.train, views, folder=tmp_path, key="k", accelerator=job.accelerator
        ),
        DistillConfig(
            methods=(Method(name="hinton"), Method(name="attention"), Method(name="rkd_distance"))
        ),
    )
    objective.start(job.train, job.accelerator.device)
    state = loop.start_training(model, recipe, 100, objective, job.accelerator)
    loop.train_one_epoch(state, recipe, job, views, epoch=1)
    counted: Counter[str] = Counter()

    class Count(TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            counted[function._schema.name] += 1
            return function(*args, **(kwargs or {}))

    with Count():
        loop.train_one_epoch(state, recipe, job, views, epoch=2)
    waiting = ("aten::_local_scalar_dense", "aten::nonzero", "aten::is_nonzero", "aten::equal")
    waiting += ("aten::_unique2", "aten::masked_select")
    assert counted["aten::convolution"]
    return Counter({name: counted[name] for name in waiting})


@pytest.mark.parametrize("architecture", ["baseline", "resnet18"])
@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
def test_a_step_waits_for_nothing(tiny, task, tmp_path, architecture: str, optimizer: str) -> None:
    """Steps twice as many on the same films ask a GPU as often: once a block of films."""
    settings = {"architecture": architecture, "optimizer": optimizer}
    settings |= {"ema": 0.9, "clip_norm": 1.0, "schedule": "onecycle"}
    few = transfers(tiny, task(), tmp_path, batch_size=16, **settings)
    many = transfers(tiny, task(), tmp_path, batch_size=4, **settings)
    assert few == many
    assert few["aten::_local_scalar_dense"] < 20


def test_what_saving_costs_is_bounded(tiny, task, tmp_path, monkeypatch) -> None:
    saved, save = [], loop.TrainingState.save

    def slow(state, folder, key) -> None:
        saved.append(len(state.history))
        save(state, folder, key)
        time.sleep(1)

    monkeypatch.setattr(loop.TrainingState, "save", slow)
    run(tiny, task(), epochs=6)
    assert saved == [1]  # epochs of milliseconds


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
    loop.train(model, recipe, task(16, 8), Views(1, 0, AugmentConfig()))
    after = model.state_dict()
    moved = {key.split(".")[1] for key in before if not torch.equal(before[key], after[key])}
    assert moved == {"layer4", "1"}  # the last stage, and the head's linear layer


def test_an_epoch_of_more_steps_passes_over_the_films_again(tiny, task, monkeypatch) -> None:
    """Each pass has an order and a view of its own, counted on from epoch to epoch."""
    job, seen = dataclasses.replace(task(20, 8), steps=5), []
    count = Gradients.__call__

    def noted(self, images, targets, numbers):
        seen.append(numbers.clone())
        return count(self, images, targets, numbers)

    monkeypatch.setattr(Gradients, "__call__", noted)
    torch.manual_seed(0)
    model, _ = create("baseline", classes=2, weights="random", input_size=32)
    recipe = tiny.model_copy(update={"epochs": 2})
    loop.train(model, recipe, job, Views(4, 0, AugmentConfig()))
    assert len(seen) == 10, "batches of 8: two in a pass of 20 films, the fifth cut short"
    assert [sorted({int(n) // 20 for n in some}) for some in seen] == [
        [0],
        [0],
        [1],
        [1],
        [2],
        [3],
        [3],
        [0],
        [0],
        [1],
    ]
    first, again = (torch.cat(seen[i : i + 2]) % 20 for i in (0, 2))
    assert len(first.unique()) == len(again.unique()) == 16
    assert not torch.equal(first, again)


def test_as_many_steps_as_a_pass_has_change_nothing(tiny, task, tmp_path) -> None:
    one, _ = run(tiny, task(20, 8, tmp_path / "one"), epochs=2)
    other, _ = run(tiny, dataclasses.replace(task(20, 8, tmp_path / "other"), steps=2), epochs=2)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))
