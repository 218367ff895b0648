"""curve.html: what labels are worth, in sentences, a plot and tables."""

from pathlib import Path

from rich.console import Console

from radistill.errors import counted
from radistill.files import write_text
from radistill.report import fmt
from radistill.report.figures.curve_plot import ARM_NAMES, arm_style, curve_plot
from radistill.report.figures.pictures import data_uri
from radistill.report.render import render
from radistill.report.sentences import LEAKING, SYNTHETIC
from radistill.report.tables import titled_table
from radistill.schema.label_curve import CurveGain, CurvePoint, LabelCurve, PatientsNeeded
from radistill.schema.record import write_record

FEW_SEEDS = 5  # below this many a gain may be luck of the seeds


def write_curve(out: Path, curve: LabelCurve) -> Path:
    """Write curve.json, curve.svg and curve.html into `out`; the page's path.

    Raises RadistillError if the folder cannot be written.
    """
    write_record(out / "curve.json", curve)
    svg = curve_plot(curve)
    write_text(out / "curve.svg", svg)
    values = {
        "curve": curve,
        "arms": [(arm, ARM_NAMES[arm], arm_style(arm).colour) for arm in curve.points[0].arms],
        "banners": banners(curve),
        "summary": summary(curve),
        "plot": data_uri(svg.encode()),
        "gain_name": gain_name,
        "share": share,
        "needed": needed,
        "needed_ci": needed_interval,
    }
    write_text(out / "curve.html", render("curve.html", values))
    return out / "curve.html"


def print_curve(curve: LabelCurve, console: Console) -> None:
    """The points, a line each, and the summary."""
    for _, sentence in banners(curve):
        console.print(f"[bold red]{sentence}[/]")
    table = titled_table(f"{curve.dataset.name}: AUC on {curve.test_films} test films")
    for heading in ("labels", "patients", "films", "seeds"):
        table.add_column(heading, justify="right")
    for arm in curve.points[0].arms:
        table.add_column(ARM_NAMES[arm], justify="right")
    for point in curve.points:
        aucs = [
            f"{fmt.figure(figures.auc)}\n{fmt.interval(figures.ci)}"
            for figures in point.arms.values()
        ]
        counts = (f"{point.patients:,.0f}", f"{point.films:,.0f}", str(len(point.seeds)))
        table.add_row(share(point.fraction), *counts, *aucs)
    console.print(table)
    for sentence in summary(curve):
        console.print(sentence, markup=False, highlight=False)


def banners(curve: LabelCurve) -> list[tuple[str, str]]:
    """(kind, sentence) of what a reader must know before any figure."""
    marks = (
        (curve.dataset.leaking, ("leaking", LEAKING)),
        (curve.dataset.synthetic, ("synthetic", SYNTHETIC)),
    )
    return [banner for marked, banner in marks if marked]


def summary(curve: LabelCurve) -> list[str]:
    """What a teacher and films without labels bring with few labels, and how many labels to get."""
    said = [_gain_sentence(curve.points[0])]
    if len(curve.points) > 1:
        said += _shown_where(curve)
    said += _labels_needed(curve)
    if curve.no_law:
        said.append(f"No power law: {curve.no_law}.")
    said.append(_over_what(curve))
    return said


def _gain_sentence(point: CurvePoint) -> str:
    """What the labels of one point bring, with the gain over the student alone if there is one."""
    labels = (
        f"With the labels of {share(point.fraction)} of the patients "
        f"({point.patients:,.0f} patients, {point.films:,.0f} films)"
    )
    gain = main_gain(point)
    if gain is None:
        arm, figures = next(iter(point.arms.items()))
        return f"{labels} the {_noun(ARM_NAMES[arm])} has AUC {_with_ci(figures.auc, figures.ci)}."
    of, over = point.arms[gain.of].auc, point.arms[gain.over].auc
    return (
        f"{labels} the student {_taught(gain.of, point)} has AUC {of:.3f} and the student "
        f"{'alone' if gain.over == 'alone' else _taught(gain.over, point)} {over:.3f}: "
        f"{fmt.signed(gain.difference)} (95 % interval {fmt.interval(gain.ci, sign=True)}), "
        f"{_verdict(gain, len(point.seeds))}."
    )


def main_gain(point: CurvePoint) -> CurveGain | None:
    """That of the most films over the student alone, else the first there is."""
    over_alone = [gain for gain in point.gains if gain.over == "alone"]
    gains = over_alone or list(point.gains)
    return gains[-1] if gains else None


def _shown_where(curve: LabelCurve) -> list[str]:
    several = [point for point in curve.points if len(point.seeds) > 1]
    gains = [(point, gain) for point in several if (gain := main_gain(point))]
    if not gains:
        return []
    kind = gain_name(gains[0][1])
    better = [share(p.fraction) for p, gain in gains if gain.ci and gain.ci[0] > 0]
    worse = [share(p.fraction) for p, gain in gains if gain.ci and gain.ci[1] < 0]
    if not better and not worse:
        return [f"A difference of {kind} is shown with no share of the labels."]
    parts = []
    if better:
        parts.append(f"a gain is shown with the labels of {_and(better)}")
    if worse:
        parts.append(f"a loss with those of {_and(worse)}")
    return [f"Of {kind}, {' and '.join(parts)} of the patients."]


def _labels_needed(curve: LabelCurve) -> list[str]:
    """For one AUC, that in the middle, what each arm needs."""
    if not curve.laws:
        return []
    first = next(iter(curve.laws.values()))
    inside = [
        row
        for row in range(len(first.needed))
        if all(law.needed[row].measured for law in curve.laws.values())
    ] or list(range(len(first.needed)))
    if not inside:
        return []
    row = inside[len(inside) // 2]
    parts = [
        f"{ARM_NAMES[arm]} {needed(law.needed[row])} ({needed_interval(law.needed[row])})"
        for arm, law in curve.laws.items()
    ]
    text = f"Patients with labels for AUC {first.needed[row].auc:g}, by a power law: "
    return [text + ", ".join(parts) + "."]


def _over_what(curve: LabelCurve) -> str:
    counts = sorted({len(point.seeds) for point in curve.points})
    films = f"{curve.test_films:,} test films of {curve.test_patients:,} patients, the same for all"
    if counts == [1]:
        return (
            f"One seed a point, {films}: the intervals are over patients alone, and a difference "
            "may be luck of the seed."
        )
    text = f"The intervals are over seeds and patients: {films}."
    few = [share(p.fraction) for p in curve.points if len(p.seeds) < FEW_SEEDS]
    if few:
        text += (
            f" With less than {counted(FEW_SEEDS, 'seed')} (at {_and(few)}) they know little of "
            "how much seeds differ, and nothing of it with one."
        )
    return text


def gain_name(gain: CurveGain) -> str:
    """`distilled on all over student alone`."""
    return f"{ARM_NAMES[gain.of]} over {ARM_NAMES[gain.over]}"


def share(fraction: float) -> str:
    """`2 %`."""
    return f"{100 * fraction:.3g} %"


def needed(one: PatientsNeeded) -> str:
    """Patients, or that the AUC is out of reach."""
    return "out of reach" if one.patients is None else _patients(one.patients)


def needed_interval(one: PatientsNeeded) -> str:
    """`120 to 340`, `120 or more`, or a dash."""
    if one.ci is None:
        return fmt.DASH
    low, high = one.ci
    if low is None:
        return "out of reach"
    return f"{_patients(low)} or more" if high is None else f"{_patients(low)} to {_patients(high)}"


def _patients(count: float) -> str:
    """Two significant digits: a law knows no more."""
    return f"{float(f'{count:.2g}'):,.0f}"


def _verdict(gain: CurveGain, seeds: int) -> str:
    if gain.ci is None:
        return "without an interval"
    if gain.ci[0] <= 0 <= gain.ci[1]:
        return "which may be chance"
    if seeds == 1:
        return "more than the choice of patients explains, from one seed"
    return "a gain that is shown" if gain.difference > 0 else "a loss that is shown"


def _noun(name: str) -> str:
    return name if name.startswith("student") else f"student {name}"


def _taught(arm: str, point: CurvePoint) -> str:
    if arm == "labelled":
        return "distilled on these films"
    return f"distilled on these and {point.unlabelled:,.0f} films without labels"


def _with_ci(value: float, ci: tuple[float, float] | None) -> str:
    return fmt.figure(value) + (f" ({fmt.interval(ci)})" if ci else "")


def _and(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
