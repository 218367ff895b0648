from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from radistill.config import AugmentConfig, DistillConfig, Recipe, StudyConfig


def leaves(values: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{prefix}{name}.")
        else:
            yield prefix + name


def test_there_are_at_most_eighty_settings() -> None:
    assert len(list(leaves(StudyConfig().model_dump()))) <= 80


def test_the_baseline_does_not_share_the_training_of_teacher_and_student() -> None:
    training = {"schedule": "onecycle", "criterion": "last", "ema": 0.9, "optimizer": "sgd"}
    config = StudyConfig.model_validate({"training": training, "baseline": {"patience": 2}})
    for network in ("teacher", "student"):
        assert training.items() <= config.recipe(network).model_dump().items()
    baseline = config.recipe("baseline")
    assert (baseline.optimizer, baseline.schedule, baseline.criterion) == ("adamw", "cosine", "auc")
    assert (baseline.architecture, baseline.dropout, baseline.patience) == ("baseline", 0.5, 2)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"schedule": "onecycle", "warmup_epochs": 1}, "a warm-up of its own"),
        ({"criterion": "last", "patience": 3}, "takes the last epoch"),
        ({"cached_views": 2}, "set frozen_stages above 0"),
        ({"cached_views": 2, "frozen_stages": 1}, "batch_norm=frozen"),
        ({"epochs": 0}, "set head_epochs above 0, or cached_views"),
        ({"epochs": 0, "head_epochs": 5, "cached_views": 2}, "set head_epochs above 0, or"),
        ({"epochs": 0, "head_epochs": 5, "layer_decay": 0.5}, "layer_decay would do nothing"),
        ({"epochs": 0, "head_epochs": 5, "steps": 9}, "steps would do nothing"),
    ],
)
def test_settings_that_would_do_nothing_are_refused(settings: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        Recipe(architecture="resnet18", **settings)


def test_the_head_alone_and_cached_views_are_recipes() -> None:
    Recipe(architecture="resnet18", epochs=0, head_epochs=5)
    Recipe(architecture="resnet18", epochs=0, cached_views=5)
    Recipe(architecture="resnet18", cached_views=2, frozen_stages=1, batch_norm="frozen")


def test_averaged_views_and_mixup_are_refused() -> None:
    StudyConfig(distill=DistillConfig(average_views=True))
    with pytest.raises(ValidationError, match=r"average_views .* set augment\.mixup to 0"):
        StudyConfig(distill=DistillConfig(average_views=True), augment=AugmentConfig(mixup=0.2))


def members(*changes: dict[str, Any]) -> StudyConfig:
    teacher = {"architecture": "resnet18", "epochs": 4, "members": changes}
    return StudyConfig.model_validate({"teacher": teacher, "training": {"ema": 0.9}})


def test_members_differ_from_the_teacher_in_what_they_name() -> None:
    changed = {"input_size": 64, "architecture": "resnet50"}
    one, two, three = members({}, changed, {"seed": 7}).teachers()
    assert (one.seed, two.seed, three.seed) == (0, 1, 7)
    assert one.recipe == three.recipe == members().recipe("teacher")
    assert two.recipe == one.recipe.model_copy(update=changed)
    assert members().teachers() == [(members().recipe("teacher"), 0)]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (({}, {"lr": 1}), r"teacher\.members\.1\.lr: Extra inputs"),
        (({"input_size": 3},), r"teacher\.members\.0\.input_size: .*greater.*got 3"),
        (({"cached_views": 2},), r"teacher\.members\.0: cached_views keeps"),
        (({}, {"seed": 0}), r"teacher\.members\.1: is the same as an earlier one"),
        (({"seed": -1},), r"teacher\.members\.0\.seed"),
        (({"ema": 0.5},), r"teacher\.members\.0\.ema"),
    ],
)
def test_a_member_is_checked_as_the_teacher_is(changes, reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        members(*changes)


@pytest.mark.parametrize(
    ("distill", "reason"),
    [
        (
            {"methods": [{"name": "hinton", "teacher": "general"}]},
            "has an embedding and no classes",
        ),
        ({"general": {"architecture": "resnet50"}}, "general would do nothing"),
        ({"methods": [{"name": "hint", "teacher": "general"}]}, "learns from a general network"),
        ({"methods": [{"name": "hint"}, {"name": "hint"}]}, "'hint' is named twice"),
    ],
)
def test_methods_of_the_general_network_are_checked(distill: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        StudyConfig.model_validate({"distill": distill})
    both = [{"name": "hint"}, {"name": "hint", "teacher": "general"}]
    general = {"methods": both, "general": {"architecture": "resnet50"}}
    assert len(StudyConfig.model_validate({"distill": general}).distill.methods) == 2
