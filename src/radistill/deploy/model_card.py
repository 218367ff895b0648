"""README.md of a bundle: the card in plain words (after Mitchell et al. 2019, "Model Cards")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from radistill.runtime.card import FLOAT32, INT8, Card

FIGURES = {
    "auc": "Area under the ROC curve",
    "pr_auc": "Area under the precision-recall curve",
    "accuracy": "Accuracy",
    "recall": "Sensitivity (recall)",
    "specificity": "Specificity",
    "precision": "Precision",
    "f1": "F1",
    "brier": "Brier score",
    "ece": "Expected calibration error",
}


def model_card(card: Card) -> str:
    """Markdown for people; every number in it is also in card.json."""
    parts = [
        f"# {card.architecture}: {card.positive} on chest X-rays",
        _warnings(card),
        f"## What it is for\n\n{card.intended_use}",
        f"## What it does\n\n{_task(card)}",
        f"## What it was trained on\n\n{_data(card.training_data)}",
        f"## How good it is\n\n{_figures(card)}",
        f"## Limits\n\n{_limits(card)}",
        f"## Files\n\n{_files(card)}",
        f"## Licence\n\n{card.licence}.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _warnings(card: Card) -> str:
    lines = []
    if card.synthetic:
        lines.append(
            "**Synthetic.** This model was trained on computer-made phantoms. Its figures say "
            "nothing about real X-rays."
        )
    if card.leaking:
        lines.append(
            "**Leaking.** Films of one patient stand in more than one split, so the figures "
            "below flatter the model."
        )
    return "\n\n".join(lines)


def _task(card: Card) -> str:
    others = ", ".join(name for name in card.classes if name != card.positive)
    return (
        f"It takes a chest X-ray and gives the probability of {card.positive} (against {others}). "
        f"A film is called {card.positive} from {card.threshold:.4g} up; that threshold was "
        f"chosen on validation films.\n\n{card.preprocessing}"
    )


def _data(facts: Mapping[str, Any]) -> str:
    lines = [f"- {key.replace('_', ' ')}: {_plain(value)}" for key, value in facts.items()]
    return "\n".join(lines) or "Not recorded."


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{key} {_plain(item)}" for key, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_plain(item) for item in value)
    return str(value)


def _figures(card: Card) -> str:
    test = card.figures.get("test") or {}
    rows = [
        f"| {words} | {test[name]:.3f} | {_interval(test.get(f'{name}_ci'))} |"
        for name, words in FIGURES.items()
        if isinstance(test.get(name), int | float)
    ]
    if not rows:
        return "Not measured on a test split."
    films = f"{test['n']} films" if "n" in test else "films"
    head = (
        f"On {films} of patients who were not trained on, scored by the float32 model."
        if not card.leaking
        else f"On {films}, scored by the float32 model."
    )
    table = ["| figure | value | 95 % interval |", "|---|---|---|", *rows]
    return head + "\n\n" + "\n".join(table)


def _interval(bounds: Any) -> str:
    return f"{bounds[0]:.3f} to {bounds[1]:.3f}" if bounds else ""


def _limits(card: Card) -> str:
    lines = [
        "- It knows the population it was trained on. On other ages, hospitals, machines or views "
        "it can be wrong more often than right.",
        "- It answers for any picture, also for one that is not a frontal chest film.",
        f"- It looks for {card.positive} only and is silent about everything else on the film.",
        "- Its probability has not been calibrated.",
        *(f"- {note}" for note in card.notes),
    ]
    return "\n".join(lines)


def _files(card: Card) -> str:
    q = card.quantisation
    lines = [
        f"- `{FLOAT32}`: float32 ONNX, no network code needed; differs from the trained model by "
        f"at most {card.parity:.1g} in probability.",
    ]
    if q.kept:
        lines.append(
            f"- `{INT8}`: the same in INT8 ({q.setting}); validation AUC {q.val_auc_int8:.4f} "
            f"against {q.val_auc_float32:.4f}; {q.decisions_changed:.1%} of the validation films "
            "fall on the other side of the threshold. radistill uses this file unless told "
            "otherwise."
        )
    else:
        lines.append(f"- No INT8 file: {q.reason}.")
    lines.append("- `card.json`: all of this for programs, with the sha256 of each file.")
    return "\n".join(lines)
