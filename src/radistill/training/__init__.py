"""Training of one network: loop, optimiser, objective, views, head, validation."""

from typing import TYPE_CHECKING

from radistill.lazy import lazy

if TYPE_CHECKING:
    from radistill.training.examples import Examples, examples_of
    from radistill.training.head import train_head
    from radistill.training.loop import train
    from radistill.training.task import TrainingTask
    from radistill.training.views import Views

__getattr__ = lazy(
    __name__,
    {
        "Examples": ".examples",
        "TrainingTask": ".task",
        "Views": ".views",
        "examples_of": ".examples",
        "train": ".loop",
        "train_head": ".head",
    },
)

__all__ = ["Examples", "TrainingTask", "Views", "examples_of", "train", "train_head"]
