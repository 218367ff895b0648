"""Training of one network: loop, optimiser, objective, views, head, validation."""

from radistill.lazy import lazy

__getattr__ = lazy(__name__, {"TrainingTask": ".task", "train": ".loop", "train_head": ".head"})
