"""What stays the same while one network is trained: films, place, key, seed, devices."""

from dataclasses import dataclass
from math import ceil
from pathlib import Path

from accelerate import Accelerator

from radistill.errors import RadistillError
from radistill.training.examples import Examples


@dataclass(frozen=True)
class TrainingTask:
    """One network to train.

    name: for messages. positive: class index of the positive class. folder: where the state after
    each epoch, cached features and the like are kept under `key`; the same task with the same key
    resumes from there. steps: of an epoch, in as many passes over the films as they take; 0 for a
    single pass.
    """

    name: str
    train: Examples
    val: Examples
    positive: int
    folder: Path
    key: str
    seed: int
    accelerator: Accelerator
    steps: int = 0

    def batch_size(self, largest: int) -> int:
        """Films a step over all processes: at most `largest`, a multiple of their number."""
        return batch_size(len(self.train), largest, self.accelerator.num_processes)

    def steps_an_epoch(self, largest: int) -> int:
        """By batches of `batch_size(largest)`."""
        return self.steps or len(self.train) // self.batch_size(largest)

    def passes_an_epoch(self, largest: int) -> int:
        """Over the films, each without its last incomplete batch; the last may be cut short."""
        return ceil(self.steps_an_epoch(largest) / (len(self.train) // self.batch_size(largest)))


def batch_size(films: int, largest: int, processes: int) -> int:
    """Films a step over all processes: at most `largest`, a multiple of their number."""
    batch = min(largest, films) // processes * processes
    if not batch:
        raise RadistillError(f"{films} films to train on are too few for {processes} processes")
    return batch
