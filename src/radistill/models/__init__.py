"""Networks by name, and where their pretrained weights come from."""

from radistill.models.batchnorm import freeze_batch_norm, set_training_mode
from radistill.models.classifier import GreyClassifier
from radistill.models.factory import create
from radistill.models.parameter_groups import trainable_groups
from radistill.models.saved import load_model, read_spec, save_model
from radistill.models.weights.weights_report import WeightsReport

__all__ = [
    "GreyClassifier",
    "WeightsReport",
    "create",
    "freeze_batch_norm",
    "load_model",
    "read_spec",
    "save_model",
    "set_training_mode",
    "trainable_groups",
]
