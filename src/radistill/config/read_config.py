"""A preset, the user's YAML file over it, `--set key=value` over that."""

import difflib
from collections.abc import Sequence
from functools import reduce
from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, JsonValue, ValidationError

from radistill.config.former_settings import VALUES, converted, former_setting
from radistill.config.study_config import EvaluationConfig, StudyConfig
from radistill.errors import UsageError


def presets() -> list[str]:
    """Names of the built-in presets."""
    folder = resources.files("radistill") / "presets"
    return sorted(f.name[:-5] for f in folder.iterdir() if f.name.endswith(".yaml"))


def load_config(
    preset: str,
    file: Path | None = None,
    overrides: list[str] | None = None,
    seed: int | None = None,
) -> StudyConfig:
    """Preset, then the user's YAML `file`, then `key.sub=value` overrides, then `seed`.

    Raises UsageError on an unknown preset, an unknown key (naming the nearest known one), a key
    of the version before (naming what became of it), a value of the wrong type, settings that
    exclude each other or would do nothing, or a file that is not YAML.
    """
    if preset not in presets():
        raise UsageError(
            f"no preset '{preset}'{_nearest(preset, presets())}; there are: {', '.join(presets())}"
        )
    values = {**_preset(preset), "preset": preset}
    if file is not None:
        _merge(values, converted(_read_yaml(file)))
    _override(values, overrides or [])
    if seed is not None:
        values["seed"] = seed
    return validate(values)


def read_config(file: Path) -> StudyConfig:
    """The config.yaml of a run, also of one made by the version before.

    Raises UsageError if it cannot be read, or has a setting without an equal today.
    """
    values = converted(_read_yaml(file))
    try:
        return validate(values)
    except UsageError as error:
        raise UsageError(f"{file}: by another version, or edited: {error}") from None


def read_evaluation(file: Path) -> tuple[EvaluationConfig, int]:
    """How a run scores its models, and its seed, whatever the settings of its networks."""
    config = load_evaluation(file)
    return config.evaluation, config.seed


def load_evaluation(file: Path | None, overrides: Sequence[str] = ()) -> StudyConfig:
    """The evaluation settings and seed of the run with this config.yaml, then `overrides`.

    All else, and these too where there is no run, is as without a preset. Raises UsageError as
    `load_config` does.
    """
    run = converted(_read_yaml(file)) if file else {}
    values = {key: value for key, value in run.items() if key in ("evaluation", "seed")}
    try:
        validate(values)
    except UsageError as error:
        raise UsageError(f"{file}: by another version, or edited: {error}") from None
    _override(values, overrides)
    return validate(values)


def validate(values: dict[str, JsonValue]) -> StudyConfig:
    """Build the configuration from plain values; UsageError says what is wrong with which key."""
    try:
        return StudyConfig.model_validate(values)
    except ValidationError as error:
        raise UsageError("\n".join(_explain(problem) for problem in error.errors())) from None


def to_yaml(config: StudyConfig) -> str:
    """The whole configuration as YAML, loadable by `load_config` again."""
    return yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False)


def _preset(name: str) -> dict[str, JsonValue]:
    """The values of a preset, over those of the one that it names under `preset`, if any."""
    file = resources.files("radistill") / "presets" / f"{name}.yaml"
    own: dict[str, JsonValue] = yaml.safe_load(file.read_text("utf-8"))
    below = own.pop("preset", None)
    values = _preset(str(below)) if below else {}
    _merge(values, own)
    return values


def _read_yaml(file: Path) -> dict[str, JsonValue]:
    try:
        values: object = yaml.safe_load(file.read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"{file}: cannot be read ({error.strerror})") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: is not YAML ({str(error).splitlines()[0]})") from None
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise UsageError(f"{file}: expected keys and values, such as 'seed: 1'")
    return values


def _override(values: dict[str, JsonValue], overrides: Sequence[str]) -> None:
    """Set each `key.sub=value` in `values`."""
    for item in overrides:
        key, equals, text = item.partition("=")
        if not equals or not key:
            raise UsageError(f"--set {item}: write it as key=value, for example teacher.epochs=5")
        try:
            value = yaml.safe_load(text)
        except yaml.YAMLError:
            raise UsageError(f"--set {item}: the value is not YAML; quote it") from None
        parts = reversed(key.strip().split("."))
        _merge(values, reduce(lambda inner, part: {part: inner}, parts, value))


def _merge(base: dict[str, JsonValue], top: dict[str, JsonValue]) -> None:
    for key, value in top.items():
        below = base.get(key)
        if isinstance(value, dict) and isinstance(below, dict):
            _merge(below, value)
        else:
            base[key] = value


def _explain(problem: Any) -> str:
    where = ".".join(map(str, problem["loc"]))
    if problem["type"] == "extra_forbidden":
        former = former_setting(where)
        if former:
            return f"{where} {former.message}"
        return f"unknown key '{where}'{_nearest(where, _known_keys(StudyConfig))}"
    if problem["type"] == "value_error":
        return f"{where}: {problem['ctx']['error']}".removeprefix(": ")
    if isinstance(problem["input"], str) and (where, problem["input"]) in VALUES:
        return f"{where}: '{problem['input']}' {VALUES[where, problem['input']][1]}"
    return f"{where}: {problem['msg']} (got {problem['input']!r})"


def _known_keys(section: type[BaseModel], prefix: str = "") -> list[str]:
    keys = []
    for name, field in section.model_fields.items():
        keys.append(prefix + name)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            keys += _known_keys(field.annotation, f"{prefix}{name}.")
    return keys


def _nearest(word: str, known: list[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"; did you mean '{close[0]}'?" if close else ""
