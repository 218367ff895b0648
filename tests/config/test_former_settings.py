"""Settings of the version before: read where they mean the same, refused with their new name."""

from pathlib import Path

import pytest
import yaml

from radistill.config import load_config, read_config, read_evaluation
from radistill.errors import UsageError

# config.yaml of a run of the preset `student`, seed 3, as the version before wrote it.
FORMER = Path(__file__).with_name("former_student.yaml")


def test_config_of_an_earlier_run_means_the_same() -> None:
    since = [  # the preset has other values now
        "data.targets=subtype",
        "teacher.architecture=efficientnet_lite0",
        "teacher.dropout=0.2",
        "teacher.members=[{}, {}, {}]",
    ]
    assert read_config(FORMER) == load_config("student", overrides=since, seed=3)


@pytest.mark.parametrize(
    ("section", "key", "value", "words"),
    [
        ("teacher", "optimizer", "sgd", "teacher.optimizer is now training.optimizer"),
        ("student", "progressive", [32], "student.progressive is gone"),
        ("student", "frozen_stages", 2, "student.frozen_stages is gone: of the teacher alone"),
        ("baseline", "dropout", 0.1, "baseline.dropout is gone: always 0.5"),
    ],
)
def test_an_earlier_run_with_other_values_is_refused_by_key(
    section: str, key: str, value: object, words: str, tmp_path: Path
) -> None:
    values = yaml.safe_load(FORMER.read_text())
    values[section][key] = value
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump(values))
    with pytest.raises(UsageError) as caught:
        read_config(file)
    assert str(caught.value).startswith(str(file))
    assert words in str(caught.value)


def test_the_evaluation_of_any_earlier_run_is_read(tmp_path: Path) -> None:
    values = yaml.safe_load(FORMER.read_text())
    values["student"]["progressive"] = [32]
    values["evaluation"] |= {"latency_runs": 3, "bootstrap": 300}
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump(values))
    evaluation, seed = read_evaluation(file)
    assert (evaluation.bootstrap, evaluation.threshold, seed) == (300, "fixed=0.5", 3)


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("teacher.momentum=0.9", "teacher.momentum is gone: that of SGD is always 0.9"),
        ("teacher.transfer=features", "epochs=0 with head_epochs above 0"),
        ("student.schedule=cosine", "student.schedule is now training.schedule"),
        ("student.mixup=0.4", "student.mixup is now augment.mixup"),
        ("student.cached_views=2", "student.cached_views is gone: of the teacher alone"),
        ("baseline.optimizer=sgd", "baseline.optimizer is gone: always adamw"),
        ("distill.ensemble=3", "distill.ensemble is now teacher.members"),
        ("tensorboard=true", "tensorboard is gone: history.csv has the curves"),
        ("data.validation=series", "'series' is now called 'prefix'"),
        ("training.schedule=step", "'step' is gone: use cosine or onecycle"),
    ],
)
def test_a_former_setting_is_refused_with_what_became_of_it(override: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        load_config("quick", None, [override])
    assert words in str(caught.value)


def test_a_file_keeps_what_it_sets_to_a_default(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("student: {warmup_epochs: 0}\nteacher: {channels_last: true}\n")
    assert load_config("demo").student.warmup_epochs == 1
    assert load_config("demo", file).student.warmup_epochs == 0


@pytest.mark.parametrize("number", [1, 2])
def test_an_ensemble_is_one_of_members(number: int, tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(f"distill: {{ensemble: {number}}}")
    config = load_config("demo", file)
    assert [teacher.seed for teacher in config.teachers()] == list(range(number))
    assert config.teacher.members == (({}, {}) if number == 2 else ())
