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
