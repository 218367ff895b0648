"""README.md of a bundle: the card as text (after Mitchell et al. 2019, "Model Cards")."""

from collections.abc import Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined

from radistill.schema.card import FLOAT32, Card, OperatingPoint
from radistill.schema.figures import FigureName

TITLES: dict[FigureName, str] = {
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
    environment = Environment(
        loader=PackageLoader("radistill.export"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    facts = card.training_data.model_dump(mode="json", exclude_unset=True)
    points = distinct(card.operating_points)
    return environment.get_template("model-card.md").render(
        card=card,
        titles=TITLES,
        points=points,
        digits=digits_to_part([point.threshold for point in points]),
        training_data={key: _plain(value) for key, value in facts.items()},
        cell=_cell,
        percent="{:.1%}".format,
    )


def distinct(points: Sequence[OperatingPoint]) -> list[OperatingPoint]:
    """One point for each threshold, under all of its names."""
    names: dict[float, list[str]] = {}
    for point in points:
        names.setdefault(point.threshold, []).append(point.name)
    first = {point.threshold: point for point in reversed(points)}
    return [
        first[value].model_copy(update={"name": ", ".join(same)}) for value, same in names.items()
    ]


def digits_to_part(values: Sequence[float]) -> int:
    """The significant digits, four at least, at which different values are printed differently."""
    return next(
        (
            d
            for d in range(4, 17)
            if len({f"{value:.{d}g}" for value in values}) == len(set(values))
        ),
        17,
    )


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{key} {_plain(item)}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    return str(value)


def _cell(text: str) -> str:
    """A value of the data set inside a table."""
    return " ".join(text.replace("|", "\\|").split())


def file_figures(card: Card) -> list[str]:
    """A line for each file of which the card has test figures."""
    if card.figures is None:
        return []
    measured = {card.figures_of: card.figures.test}
    if card.float32:
        measured[FLOAT32] = card.float32.test
    return [
        f"{name}: "
        + ", ".join(
            f"{word} {value:.3f}"
            for word, value in (
                ("AUC", test.auc),
                ("accuracy", test.accuracy),
                ("sensitivity", test.recall),
                ("specificity", test.specificity),
            )
            if value is not None
        )
        + f" on {test.n} test films, at its threshold of {test.threshold:.4g}"
        for name, test in measured.items()
    ]
