import pytest
import torch

from radistill.config import Recipe
from radistill.training.optimiser import make_optimizer, make_schedule


def rates(steps: int = 10, epochs: int = 4, **settings: object) -> list[float]:
    recipe = Recipe(architecture="baseline", epochs=epochs, learning_rate=1.0, **settings)
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = make_optimizer([{"params": [parameter], "lr": 1.0, "weight_decay": 0.0}], recipe)
    schedule = make_schedule(optimizer, recipe, steps)
    taken = []
    for _ in range(steps * epochs):
        taken.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return taken


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_shapes_of_the_schedules(optimizer: str) -> None:
    assert set(rates(schedule="constant", optimizer=optimizer)) == {1.0}
    cosine = rates(schedule="cosine", optimizer=optimizer)
    assert cosine == sorted(cosine, reverse=True)
    assert cosine[0] == 1.0
    assert cosine[20] == pytest.approx(0.5)
    cycle = rates(schedule="onecycle", optimizer=optimizer)
    assert max(cycle) == pytest.approx(1.0, abs=0.02)
    assert cycle[0] < 0.1
    assert cycle[-1] < 0.01


@pytest.mark.filterwarnings("ignore")
def test_warm_up_rises_to_the_full_rate() -> None:
    warm = rates(schedule="cosine", warmup_epochs=1)
    assert warm[:10] == sorted(warm[:10])
    assert warm[0] < 0.02
    assert max(warm) == pytest.approx(1.0, abs=0.02)
