"""Training of one network: loop, optimiser, objective, views, head, validation."""

from typing import TYPE_CHECKING

from radistill.lazy import lazy

if TYPE_CHECKING:
    from radistill.training.head import train_head
    from radistill.training.loop import train
    from radistill.training.task import TrainingTask

__getattr__ = lazy(
    __name__,
    {
        "TrainingTask": ".task",
        "train": ".loop",
        "train_head": ".head",
    },
)

__all__ = ["TrainingTask", "train", "train_head"]
