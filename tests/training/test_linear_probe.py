import numpy as np
import pytest
import torch
from accelerate import Accelerator
from sklearn.linear_model import LogisticRegression

from radistill.config import AugmentConfig, Recipe
from radistill.models import create
from radistill.training.examples import Examples
from radistill.training.linear_probe import ABSENT, SMALLEST, STRENGTH, fit_linear_probe
from radistill.training.task import TrainingTask
from radistill.training.views import Views


class Pixels:
    """Films whose class is their brightness."""

    size = 32

    def batch(self, shas: list[str]) -> np.ndarray:
        squares = []
        for sha in shas:
            noise = np.random.default_rng(int(sha, 16)).integers(0, 60, (32, 32))
            squares.append((noise + 60 * (int(sha, 16) % 3)).astype(np.uint8))
        return np.stack(squares)


def films(count: int, classes: tuple[int, ...]) -> Examples:
    numbers = [n for n in range(count) if n % 3 in classes]
    targets = np.array([n % 3 for n in numbers], dtype=np.int64)
    return Examples(Pixels(), tuple(f"{n:04x}" for n in numbers), targets, class_of=(0, 1, 1))


def probe(tmp_path, classes: tuple[int, ...] = (0, 1, 2), views: int = 2):
    torch.manual_seed(0)
    model, _ = create("resnet18", classes=3, weights="random", input_size=32, pooling="stages")
    before = {key: value.clone() for key, value in model.backbone.state_dict().items()}
    train = films(60, classes)
    task = TrainingTask(
        "probe", train, films(30, (0, 1, 2)), 1, tmp_path, "k", 0, Accelerator(True)
    )
    seen = Views(views, 0, AugmentConfig())
    recipe = Recipe(architecture="resnet18", epochs=0, cached_views=views, pooling="stages")
    rows = fit_linear_probe(model, recipe, task, seen)
    assert all(
        torch.equal(before[key], value) for key, value in model.backbone.state_dict().items()
    )
    return model, rows, task, seen


def test_it_is_logistic_regression_on_all_views(tmp_path) -> None:
    model, rows, task, seen = probe(tmp_path)
    everything = np.arange(len(task.train))
    with torch.no_grad():
        x = torch.cat([model.embedding(seen.images(task.train, everything, v)) for v in range(2)])
        logits = model.head(x).numpy()
    deviation = x.numpy().std(axis=0)
    z = (x.numpy() - x.numpy().mean(axis=0)) / np.maximum(deviation, SMALLEST * deviation.mean())
    y = np.tile(task.train.targets, 2)
    expected = LogisticRegression(C=STRENGTH / 2, max_iter=1000).fit(z, y).decision_function(z)
    difference = logits - expected
    np.testing.assert_allclose(
        difference, difference.mean(axis=1, keepdims=True) + 0 * logits, atol=1e-3
    )
    assert [row.phase for row in rows] == ["head"]
    assert rows[0].val_auc > 0.99


@pytest.mark.parametrize("classes", [(0, 1), (0, 2)])
def test_an_output_that_no_film_has_is_never_answered(tmp_path, classes: tuple[int, ...]) -> None:
    model, _, task, _ = probe(tmp_path, classes)
    with torch.no_grad():
        logits = model(
            torch.from_numpy(task.train.pixels.batch(list(task.train.shas)))[:, None] / 255
        )
    (absent,) = {0, 1, 2} - set(classes)
    assert torch.allclose(logits[:, absent], torch.tensor(ABSENT))
    assert (logits.argmax(dim=1).numpy() == task.train.targets).mean() > 0.9
