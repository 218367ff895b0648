"""README.md of a bundle: the card as text (after Mitchell et al. 2019, "Model Cards")."""

from collections.abc import Sequence

from radistill.schema.card import FLOAT16, FLOAT32, INT8, Card, OperatingPoint
from radistill.schema.figures import FigureName, Figures
from radistill.schema.record import Interval

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
    parts = [
        f"# {card.architecture}: {card.positive} on chest X-rays",
        _warnings(card),
        f"## What it is for\n\n{card.intended_use}",
        f"## What it does\n\n{_task(card)}",
        f"## What it was trained on\n\n{_data(card)}",
        f"## How good it is\n\n{_figures(card)}",
        _groups(card),
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
            "**Leaking.** Some patients or films are in more than one split, so the figures below "
            "are too good."
        )
    return "\n\n".join(lines)


def _task(card: Card) -> str:
    others = ", ".join(name for name in card.classes if name != card.positive)
    return (
        f"It takes a chest X-ray and gives the probability of {card.positive} (against {others}). "
        f"A film is called {card.positive} from {card.threshold:.4g} up; that threshold was "
        f"set without the test films, for `{card.figures_of}`.\n\n{_points(card)}\n\n"
        f"{card.preprocessing}\n\n"
        f"The map 'cam' has {card.cam.size[0]} x {card.cam.size[1]} positions: {card.cam.method}."
    )


def _points(card: Card) -> str:
    points = distinct(card.operating_points)
    digits = digits_to_part([point.threshold for point in points])
    rows = [
        f"| {p.name} | {p.threshold:.{digits}g} "
        f"| {_with_interval(p.sensitivity, p.sensitivity_ci)} "
        f"| {_with_interval(p.specificity, p.specificity_ci)} | {p.split}, {p.films} films |"
        for p in points
    ]
    head = "| operating point | threshold | sensitivity | specificity | measured on |"
    return "\n".join([head, "|---|---|---|---|---|", *rows])


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


def _with_interval(value: float | None, bounds: Interval | None) -> str:
    if value is None:
        return ""
    return f"{value:.3f} ({_interval(bounds)})" if bounds else f"{value:.3f}"


def _data(card: Card) -> str:
    facts = card.training_data.model_dump(mode="json", exclude_unset=True)
    lines = [f"- {key.replace('_', ' ')}: {_plain(value)}" for key, value in facts.items()]
    return "\n".join(lines) or "Not recorded."


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{key} {_plain(item)}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    return str(value)


def _figures(card: Card) -> str:
    if card.figures is None:
        return "Not measured on a test split."
    test = card.figures.test
    whose = "" if card.leaking else " of patients who were not trained on"
    head = f"On {test.n} films{whose}"
    text = f"{head}, scored by `{card.figures_of}`.\n\n{_test_table(test)}"
    if card.float32:
        text += (
            f"\n\n{head}, scored by `{FLOAT32}` at its own threshold, "
            f"{card.float32.threshold:.4g}.\n\n{_test_table(card.float32.test)}"
        )
    return text


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


def _test_table(test: Figures) -> str:
    rows = [
        f"| {title} | {value:.3f} | {_interval(test.interval(name))} |"
        for name, title in TITLES.items()
        if (value := test.value(name)) is not None
    ]
    return "\n".join(["| figure | value | 95 % interval |", "|---|---|---|", *rows])


def _groups(card: Card) -> str:
    """Where it is worse: by subtype and by whatever else the study grouped films by."""
    rows = [
        f"| {_cell(g.by)} {_cell(g.group)} | {g.n} ({g.patients}) "
        f"| {_with_interval(g.auc, g.auc_ci)} | {_with_interval(g.recall, g.recall_ci)} "
        f"| {_with_interval(g.specificity, g.specificity_ci)} |"
        for g in (card.figures.groups if card.figures else ())
    ]
    if not rows:
        return ""
    head = "| group of test films | films (patients) | AUC | sensitivity | specificity |"
    about = (
        "With 95 % intervals, at the threshold above. A group without films of both classes, such "
        "as a subtype of the disease, is set against all films of the other class for its AUC; "
        "fewer than ten patients have no interval."
    )
    return "\n".join(
        ["## Where it is better and worse", "", head, "|---|---|---|---|---|", *rows, "", about]
    )


def _cell(text: str) -> str:
    """A value of the data set inside a table."""
    return " ".join(text.replace("|", "\\|").split())


def _interval(bounds: Interval | None) -> str:
    return f"{bounds[0]:.3f} to {bounds[1]:.3f}" if bounds else ""


def _limits(card: Card) -> str:
    lines = [
        f"- It knows {card.population.description}. On other ages, hospitals, machines or views "
        "it can be wrong more often than right.",
        f"- {_abstention(card)}",
        f"- It looks for {card.positive} only and is silent about everything else on the film.",
        f"- {_calibration(card)}",
        *(f"- {note}" for note in card.notes),
    ]
    return "\n".join(lines)


def _calibration(card: Card) -> str:
    chosen = card.figures.calibration if card.figures else None
    if card.calibration.kind == "none" and card.temperature == 1:
        why = f" ({chosen.reason})" if chosen and chosen.reason else ""
        return f"Its probability is as trained, not calibrated{why}."
    isotonic = card.calibration.kind == "isotonic"
    how = "isotonic" if isotonic else f"temperature {card.temperature:.3g}"
    text = f"Its probability is calibrated on validation films ({how}), in the graph"
    if chosen and chosen.test:
        before, after = chosen.test.before, chosen.test.after
        text += (
            f"; on test the ECE is {before.ece:.3f} before and {after.ece:.3f} after, the "
            f"log loss {before.log_loss:.3f} and {after.log_loss:.3f}"
        )
    return f"{text}. Elsewhere it need not hold."


def _abstention(card: Card) -> str:
    if card.abstention is None:
        return (
            "It answers for nearly any picture, also for one that is not a frontal chest film: "
            "there were too few validation films to set limits by."
        )
    rates = card.abstention.measured
    kind = card.abstention.detector.kind
    embedding = rates.embedding[kind]
    return (
        f"It abstains where a picture is unlike its {rates.validation_films} validation films, "
        f"by its layout, its orientation and the embedding. Of {rates.outliers} generated pictures "
        f"that are no films {rates.outliers_caught:.1%} are caught, {embedding.caught:.1%} by the "
        f"embedding alone ({kind}, AUC {embedding.auc:.3f}). A picture that gets through may "
        "still be no chest film."
    )


def _files(card: Card) -> str:
    q = card.quantisation
    lines = [
        f"- `{FLOAT32}`: float32 ONNX, no network code needed; differs from the trained model by "
        f"at most {card.parity:.1g}.",
    ]
    if q.kind == "none":
        lines.append(f"- No smaller file: {q.reason}.")
    else:
        name = INT8 if q.kind == "int8" else FLOAT16
        lines.append(
            f"- `{name}`: the same, smaller ({q.setting}; {q.reason}). Validation AUC "
            f"{q.val_auc_small:.4f} against {q.val_auc_float32:.4f}; {q.decisions_changed:.1%} of "
            "the validation films fall on the other side of the threshold. radistill uses this "
            "file unless told otherwise."
        )
    lines.append("- `card.json`: all of this for programs, with the sha256 of each file.")
    return "\n".join(lines)
