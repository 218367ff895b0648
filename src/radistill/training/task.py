"""What stays the same while one network is trained: films, place, key, seed, devices."""

from dataclasses import dataclass
from pathlib import Path

from accelerate import Accelerator

from radistill.errors import RadistillError
from radistill.training.examples import Examples


@dataclass(frozen=True)
class TrainingTask:
    """One network to train.

    name: for messages. positive: class index of the positive class. folder: where the state after
    each epoch, cached features and the like are kept under `key`; the same task with the same key
    resumes from there.
    """

    name: str
    train: Examples
    val: Examples
    positive: int
    folder: Path
    key: str
    seed: int
    accelerator: Accelerator

    def batch_size(self, largest: int) -> int:
        """Films a step over all processes: at most `largest`, a multiple of their number."""
        processes: int = self.accelerator.num_processes
        batch = min(largest, len(self.train)) // processes * processes
        if not batch:
            raise RadistillError(
                f"{len(self.train)} films to train on are too few for {processes} processes"
            )
        return batch
