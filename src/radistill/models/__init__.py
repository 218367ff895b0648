"""Networks by name, their stages and parameter groups, and where their weights come from."""

from typing import TYPE_CHECKING

from radistill.lazy import lazy

if TYPE_CHECKING:
    from radistill.models.classifier import GreyClassifier
    from radistill.models.factory import create
    from radistill.models.freezing import set_training_mode, trainable_groups
    from radistill.models.saved import load_model, save_model
    from radistill.models.weights.loading import WeightsReport

__getattr__ = lazy(
    __name__,
    {
        "GreyClassifier": ".classifier",
        "WeightsReport": ".weights.loading",
        "create": ".factory",
        "load_model": ".saved",
        "save_model": ".saved",
        "set_training_mode": ".freezing",
        "trainable_groups": ".freezing",
    },
)

__all__ = [
    "GreyClassifier",
    "WeightsReport",
    "create",
    "load_model",
    "save_model",
    "set_training_mode",
    "trainable_groups",
]
