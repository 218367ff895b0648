"""Putting the tensors of a file into a backbone, and saying what fitted."""

from __future__ import annotations

from radistill.errors import UsageError
from radistill.models.classifier import GreyClassifier
from radistill.models.networks import build
from radistill.models.weights.tensors import WeightsFile
from radistill.models.weights.weights_report import WeightsReport, examples

_ENOUGH = 0.9


def fit(
    file: WeightsFile,
    architecture: str,
    *,
    classes: int,
    dropout: float = 0.0,
    input_size: int = 224,
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
    head = f"{model.original_head}."
    given = {
        k: v for k, v in file.state.items() if not (model.original_head and k.startswith(head))
    }
    reshaped = sorted(k for k in own.keys() & given.keys() if own[k].shape != given[k].shape)
    fitting = {k: v for k, v in given.items() if k in own and k not in reshaped}
    # Counters of batches are absent from older files and do not matter for the output.
    missing = [k for k in own if k not in given and not k.endswith("num_batches_tracked")]
    unexpected = [k for k in given if k not in own]
    wanted = len(fitting) + len(missing) + len(reshaped)
    if len(fitting) < _ENOUGH * wanted or len(unexpected) > (1 - _ENOUGH) * len(given):
        raise UsageError(
            f"{file.path}: weights of another architecture than {model.architecture}: "
            + "; ".join(
                f"{len(keys)} {word} ({examples(keys)})"
                for word, keys in (
                    ("missing", missing), ("unexpected", unexpected), ("of another shape", reshaped)
                )
                if keys
            )
        )  # fmt: skip
    model.backbone.load_state_dict(fitting, strict=False)
    notes = ["with the strides of the original ResNet"] if model.variant else []
    return WeightsReport(
        source=file.source, path=str(file.path), sha256=file.sha256, loaded=len(fitting),
        missing=missing, unexpected=unexpected, reshaped=reshaped, notes=notes,
    )  # fmt: skip
