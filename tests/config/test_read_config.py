import pytest
import yaml

from radistill.config import load_config, presets, to_yaml, validate
from radistill.errors import UsageError


@pytest.mark.parametrize("preset", presets())
def test_every_preset_is_valid_and_survives_yaml(preset: str) -> None:
    config = load_config(preset)
    assert config.preset == preset
    assert validate(yaml.safe_load(to_yaml(config))) == config


def test_the_presets_there_should_be() -> None:
    assert presets() == ["demo", "few-labels", "kaggle", "quick", "seed", "student", "tiny"]


def test_a_preset_lies_over_the_one_it_names() -> None:
    larger, tiny = load_config("student"), load_config("tiny")
    network = {"architecture": "efficientnet_lite0_first3"}
    student = larger.student.model_copy(update=network)
    assert tiny == larger.model_copy(update={"preset": "tiny", "student": student})


def test_file_lies_over_preset_and_set_over_file(tmp_path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("teacher:\n  epochs: 3\n  batch_size: 7\nseed: 5\n")
    config = load_config("quick", file, ["teacher.epochs=4"], seed=6)
    assert (config.teacher.epochs, config.teacher.batch_size, config.seed) == (4, 7, 6)
    assert config.teacher.architecture == load_config("quick").teacher.architecture


def test_seed_preset_is_the_published_project() -> None:
    config = load_config("seed")
    teacher, student = config.teacher, config.student
    assert (teacher.architecture, teacher.epochs, teacher.dropout) == ("resnet50", 30, 0.6)
    assert (student.architecture, student.epochs) == ("resnet18", 25)
    for recipe in (config.recipe("teacher"), config.recipe("student")):
        assert (recipe.optimizer, recipe.schedule, recipe.learning_rate) == (
            "sgd",
            "constant",
            1e-3,
        )
        assert (recipe.batch_size, recipe.weight_decay) == (64, 0)
    hinton = config.distill.methods[0]
    assert (hinton.temperature, hinton.weight, config.distill.label_weight) == (10, 0.7, 0.3)
    assert config.data.protocol == "image"


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("techer.epochs=5", "did you mean 'teacher"),
        ("teacher.epocs=5", "did you mean 'teacher.epochs'"),
        ("teacher.epochs=-1", "teacher.epochs"),
        ("distill.label_weight=-2", "distill.label_weight"),
        ("distill.methods=[{name: hinton}, {name: hinton}]", "named twice"),
        ("distill.methods=[]", "name one at least"),
        ("distill.methods=[{name: hintn}]", "distill.methods"),
        ("data.protocol=random", "data.protocol"),
        ("teacher=5", "teacher"),
        ("=5", "key=value"),
        ("teacher.epochs=[", "teacher.epochs=["),
        ("training.schedule=onecycle", "student: onecycle has a warm-up of its own"),
        ("teacher.epochs=0", "teacher: epochs=0 trains the head alone, so frozen_stages would"),
        ("student.epochs=0", "student.epochs"),
        ("distill.methods=[{name: hint, temperature: 2}]", "hint has no temperature"),
    ],
)
def test_wrong_overrides(override: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        load_config("quick", None, [override])
    assert words in str(caught.value)


@pytest.mark.parametrize("text", ["- a\n- b\n", "just words", "a: [", "\x00"])
def test_a_file_that_is_no_configuration(text: str, tmp_path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    with pytest.raises(UsageError, match=r"mine\.yaml"):
        load_config("quick", file)


def test_no_precision_is_a_word_and_not_false() -> None:
    assert load_config("quick", None, ["mixed_precision=no"]).mixed_precision == "no"
    assert load_config("quick", None, ["mixed_precision=bf16"]).mixed_precision == "bf16"
