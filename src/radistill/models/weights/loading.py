"""Putting the tensors of a file into a backbone, and reporting what fitted."""

from __future__ import annotations

from radistill.errors import UsageError
from radistill.models import efficientnet_lite
from radistill.models.classifier import GreyClassifier
from radistill.models.networks import build
from radistill.models.weights.layouts import to_timm
from radistill.models.weights.tensors import WeightsFile
from radistill.models.weights.weights_report import WeightsReport

_ENOUGH = 0.9


def build_from(
    file: WeightsFile,
    architecture: str,
    *,
    classes: int,
    dropout: float = 0.0,
    input_size: int = 224,
    enlarge: int = 1,
) -> tuple[GreyClassifier, WeightsReport]:
    """A new network of `architecture`, its backbone filled from `file`, its head random.

    Raises UsageError if the file says or shows that it is of another architecture.
    """
    named = file.metadata.get("architecture", architecture)
    if named != architecture:
        raise UsageError(f"{file.path}: weights of {named}, not of {architecture}")
    model = build(
        architecture,
        classes=classes,
        dropout=dropout,
        input_size=input_size,
        enlarge=enlarge,
        variant=file.variant,
    )
    return model, load_backbone(model, file)


def load_backbone(model: GreyClassifier, file: WeightsFile) -> WeightsReport:
    """Copy what fits from `file` into `model.backbone`; the head is left as it is.

    Raises UsageError if less than nine tenths of the backbone's tensors fit, or more than a tenth
    of the file's have no place: the file is of another architecture (a ResNet-50 has most keys of
    a ResNet-18, and a ResNet-101 all keys of a ResNet-50).
    """
    own = model.backbone.state_dict()
    head = getattr(model.backbone, "pretrained_cfg", {}).get("classifier", "fc")
    heads = tuple(f"{name}." for name in ([head] if isinstance(head, str) else head or ()))
    given = {
        key: value
        for key, value in to_timm(file.state, model.backbone, model.architecture).items()
        if key in own or not key.startswith(heads)
    }
    lite = efficientnet_lite.parse(model.architecture)
    if lite and lite[1]:  # takes what it has a place for
        given = {k: v for k, v in given.items() if k in own and v.shape == own[k].shape}
    reshaped = sorted(k for k in own.keys() & given.keys() if own[k].shape != given[k].shape)
    fitting = {k: v for k, v in given.items() if k in own and k not in reshaped}
    # Counters of batches are absent from older files and do not matter for the output.
    missing = [k for k in own if k not in given and not k.endswith("num_batches_tracked")]
    unexpected = [k for k in given if k not in own]
    report = WeightsReport(
        source=file.source,
        path=str(file.path),
        sha256=file.sha256,
        loaded=len(fitting),
        missing=missing,
        unexpected=unexpected,
        reshaped=reshaped,
        notes=["with the strides of the original ResNet"] if model.variant else [],
    )
    wanted = len(fitting) + len(missing) + len(reshaped)
    if len(fitting) < _ENOUGH * wanted or len(unexpected) > (1 - _ENOUGH) * len(given):
        raise UsageError(
            f"{file.path}: weights of another architecture than {model.architecture}: "
            f"{report.misfits()}"
        )
    model.backbone.load_state_dict(fitting, strict=False)
    return report
