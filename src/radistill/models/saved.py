"""A trained model in a folder: `weights.safetensors` and `model.json`, nothing pickled."""

from pathlib import Path
from typing import Any

from torch import Tensor

from radistill.errors import UsageError
from radistill.models.classifier import GreyClassifier
from radistill.models.networks import build
from radistill.models.weights.layouts import to_timm
from radistill.models.weights.loading import misfits
from radistill.models.weights.tensors import read_safetensors, write_safetensors
from radistill.schema.model_spec import SPEC, ModelSpec, read_spec
from radistill.schema.record import write_record

WEIGHTS = "weights.safetensors"


def save_model(model: GreyClassifier, folder: Path, **classes: Any) -> None:
    """Write the weights and what is needed to build the network again, each file atomically.

    classes: the fields of `ModelSpec` that the network does not know, such as `classes`.
    """
    spec = ModelSpec(
        architecture=model.architecture,
        variant=model.variant,
        num_classes=model.classes,
        input_size=model.input_size,
        dropout=model.dropout,
        enlarge=model.enlarge,
        **({} if model.pooling == "last" else {"pooling": model.pooling}),
        mean=tuple(model.mean.flatten().tolist()),
        std=tuple(model.std.flatten().tolist()),
        **classes,
    )
    metadata = {"architecture": model.architecture, "stride": model.variant or "torchvision"}
    write_safetensors(folder / WEIGHTS, model.state_dict(), metadata)
    write_record(folder / SPEC, spec)


def load_model(folder: Path) -> GreyClassifier:
    """The model that `save_model` wrote, in eval mode on the CPU.

    Raises UsageError if a file is absent, or if the weights are broken or not those of the network
    that `model.json` names; RadistillError if `model.json` is damaged.
    """
    spec = read_spec(folder)
    model = build(
        spec.architecture,
        classes=spec.num_classes,
        dropout=spec.dropout,
        input_size=spec.input_size,
        enlarge=spec.enlarge,
        variant=spec.variant,
        pooling=spec.pooling,
    )
    file = folder / WEIGHTS
    if not file.is_file():
        raise UsageError(f"{file}: no such file; is the training finished?")
    state = _in_own_layout(model, read_safetensors(file)[0])
    if problems := misfits(state, model.state_dict()):
        raise UsageError(f"{file}: weights of another model than {folder / SPEC} says: {problems}")
    model.load_state_dict(state, strict=False)  # counters of batches may be absent
    return model.eval()


def _in_own_layout(model: GreyClassifier, state: dict[str, Tensor]) -> dict[str, Tensor]:
    """`state` with the keys of `model`; earlier versions had other implementations of networks."""
    prefix = "backbone."
    backbone = {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
    rest = {k: v for k, v in state.items() if not k.startswith(prefix)}
    moved = to_timm(backbone, model.backbone, model.architecture)
    return rest | {f"{prefix}{key}": value for key, value in moved.items()}
