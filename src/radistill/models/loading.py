"""Putting the tensors of a file into a backbone, and saying what fitted."""

from __future__ import annotations

from radistill.errors import UsageError
from radistill.models.classifier import GreyClassifier
from radistill.models.files import WeightsFile
from radistill.models.report import WeightsReport, examples


def load_backbone(model: GreyClassifier, file: WeightsFile) -> WeightsReport:
    """Copy what fits from `file` into `model.backbone`; the head is left as it is.

    Raises UsageError if not even half of the backbone's tensors fit: the file is of another
    architecture.
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
    if 2 * len(fitting) < len(own) - sum(k.endswith("num_batches_tracked") for k in own):
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
