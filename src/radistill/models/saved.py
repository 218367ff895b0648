"""A trained model in a folder: `weights.safetensors` and `model.json`, nothing pickled."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from torch import Tensor

from radistill.errors import UsageError
from radistill.files import write_json
from radistill.models.classifier import GreyClassifier
from radistill.models.networks import build
from radistill.models.weights.layouts import to_timm
from radistill.models.weights.tensors import V1_STRIDES, read_safetensors, write_safetensors
from radistill.models.weights.weights_report import listed

WEIGHTS = "weights.safetensors"
SPEC = "model.json"


def save_model(model: GreyClassifier, folder: Path, **extra_spec: Any) -> None:
    """Write the weights and what is needed to build the network again, each file atomically.

    extra_spec: further JSON values for `model.json`, such as `classes=[...]`.
    Raises ValueError if one of them has the name of a value of the model's own.
    """
    spec = {
        "architecture": model.architecture,
        "variant": model.variant,
        "num_classes": model.classes,
        "input_size": model.input_size,
        "dropout": model.dropout,
        "enlarge": model.enlarge,
        "mean": model.mean.flatten().tolist(),
        "std": model.std.flatten().tolist(),
    }
    if clash := spec.keys() & extra_spec.keys():
        raise ValueError(f"{', '.join(sorted(clash))}: taken from the model itself")
    metadata = {"architecture": model.architecture, "stride": model.variant or "torchvision"}
    write_safetensors(folder / WEIGHTS, model.state_dict(), metadata)
    write_json(folder / SPEC, spec | extra_spec)


def read_spec(folder: Path) -> dict[str, Any]:
    """The values of `model.json`.

    Raises UsageError if the file is absent, is not JSON, or lacks what the network needs.
    """
    file = folder / SPEC
    try:
        spec = json.loads(file.read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"{file}: cannot be read ({error.strerror}); is this a model?") from None
    except ValueError:
        raise UsageError(f"{file}: is not JSON") from None
    needed = {"architecture", "variant", "num_classes", "input_size", "dropout"}
    if not isinstance(spec, dict) or needed - spec.keys():
        raise UsageError(f"{file}: lacks {', '.join(sorted(needed - set(spec)))}")
    return spec


def load_model(folder: Path) -> GreyClassifier:
    """The model that `save_model` wrote, in eval mode on the CPU.

    Raises UsageError if a file is absent or broken, or if the weights are not those of the
    network that `model.json` names.
    """
    spec = read_spec(folder)
    if spec["variant"] not in ("", V1_STRIDES):
        raise UsageError(f"{folder / SPEC}: no variant '{spec['variant']}'")
    model = build(
        spec["architecture"],
        classes=spec["num_classes"],
        dropout=spec["dropout"],
        input_size=spec["input_size"],
        enlarge=spec.get("enlarge", 1),
        variant=spec["variant"],
    )
    file = folder / WEIGHTS
    if not file.is_file():
        raise UsageError(f"{file}: no such file; is the training finished?")
    state = _in_own_layout(model, read_safetensors(file)[0])
    own = model.state_dict()
    problems = listed(
        {
            "missing": [key for key in own if key not in state],
            "unexpected": [key for key in state if key not in own],
            "of another shape": [k for k in own if k in state and own[k].shape != state[k].shape],
        }
    )
    if problems:
        raise UsageError(f"{file}: weights of another model than {folder / SPEC} says: {problems}")
    model.load_state_dict(state)
    return model.eval()


def _in_own_layout(model: GreyClassifier, state: dict[str, Tensor]) -> dict[str, Tensor]:
    """`state` with the keys of `model`; earlier versions had other implementations of networks."""
    prefix = "backbone."
    backbone = {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
    rest = {k: v for k, v in state.items() if not k.startswith(prefix)}
    moved = to_timm(backbone, model.backbone, model.architecture)
    return rest | {f"{prefix}{key}": value for key, value in moved.items()}
