from dataclasses import replace
from types import SimpleNamespace

import pytest

from radistill.errors import RadistillError


def test_batch_is_shared_evenly(task) -> None:
    def batch(films: int, processes: int, largest: int) -> int:
        accelerator = SimpleNamespace(num_processes=processes)
        return replace(task(films), accelerator=accelerator).batch_size(largest)

    assert batch(48, 2, largest=7) == 6
    assert batch(5, 1, largest=8) == 5
    with pytest.raises(RadistillError, match="too few for 2 processes"):
        batch(1, 2, largest=8)


def test_steps_of_an_epoch_are_a_pass_or_what_was_asked_for(task) -> None:
    assert (task(50).steps_an_epoch(8), task(50).passes_an_epoch(8)) == (6, 1)
    longer = replace(task(50), steps=20)
    assert (longer.steps_an_epoch(8), longer.passes_an_epoch(8)) == (20, 4)
