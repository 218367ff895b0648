"""Which layers learn, how fast, and with what decay."""

from itertools import chain
from typing import Any, Literal

from timm.optim import param_groups_layer_decay
from torch import nn

from radistill.errors import UsageError
from radistill.models.classifier import GreyClassifier


def trainable_groups(
    model: GreyClassifier,
    *,
    frozen_stages: int,
    learning_rate: float,
    layer_decay: float,
    weight_decay: float,
) -> list[dict[str, Any]]:
    """Parameter groups (`params`, `lr`, `weight_decay`) for a torch optimiser.

    The first `frozen_stages` stages of the backbone stop requiring gradients and are left out;
    all else requires them. Stage i of n (counted from 1, the earliest) gets
    `learning_rate * layer_decay ** (n - i)`, the head `learning_rate`. Biases, normalisation
    parameters and what timm exempts (position embeddings) are not decayed.

    Raises UsageError if there are fewer stages than should be frozen.
    """
    count = len(model.stages)
    if frozen_stages > count:
        raise UsageError(
            f"frozen_stages: {frozen_stages}, but {model.architecture} has {count} stages"
        )
    stage = model.group_matcher()
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name.startswith("head.") or stage(name) >= frozen_stages)
    exempt = model.backbone.no_weight_decay() if hasattr(model.backbone, "no_weight_decay") else ()
    groups: list[dict[str, Any]] = param_groups_layer_decay(
        model,
        weight_decay=weight_decay,
        no_weight_decay_list={f"backbone.{name}" for name in exempt},
        layer_decay=layer_decay,
    )
    for group in groups:
        group["lr"] = learning_rate * group.pop("lr_scale")
    return groups


def set_training_mode(
    model: GreyClassifier, *, frozen_stages: int, batch_norm: Literal["train", "frozen"]
) -> None:
    """Call at the start of each epoch instead of `model.train()`.

    Frozen stages run in eval mode: batch statistics of a layer whose weights do not change would
    drift away from what those weights were trained with. `batch_norm="frozen"` keeps the running
    statistics of the other stages too, as is wise for small batches; their weights and biases are
    trained. (timm's FrozenBatchNorm2d would freeze those too, and change the keys of the model.)
    """
    model.train()
    for module in chain.from_iterable(model.stages[:frozen_stages]):
        module.eval()
    if batch_norm == "frozen":
        for module in model.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.eval()
