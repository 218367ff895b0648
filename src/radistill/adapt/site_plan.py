"""How many films a site needs, before anyone labels: the plan, and its tables."""

import math
from typing import Literal

from rich.console import Console
from rich.table import Table

from radistill.adapt import sample_size
from radistill.adapt.plan_options import PlanOptions
from radistill.adapt.power import HALF, films_for_gain, power_of_adapting
from radistill.schema.study_plan import FilmsNeeded, GainPlan, GainPower, StudyPlan

PATIENTS = (100, 200, 400, 800)  # of the power table
GAINS = (0.02, 0.05, 0.10)
POWER = 0.8
NAMES = {
    "auc": "AUC",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "oe": "O/E",
    "calibration_slope": "calibration slope",
}
HOW = (
    "Take consecutive patients from a date on, not picked ones: what is left out because it is "
    "dull, hard or badly taken is missing in every figure.",
    "Count patients, not films: further films of a patient are alike and add little.",
    "Both classes must be there in these numbers. Where one is rare, go on until it is; if you "
    "take more of it than comes in, O/E and the predictive values are no longer those of the site.",
    "Label without seeing what the model says.",
)


def plan_site(options: PlanOptions) -> StudyPlan:
    """The plan; `docs/adapt.md` has the formulas."""
    o = options
    share = o.prevalence
    risks = sample_size.expected_risks(o.auc, share)
    sensitive = sample_size.films_for_share(o.sensitivity, o.sensitivity_width)
    specific = sample_size.films_for_share(o.specificity, o.specificity_width)
    auc = sample_size.films_for_auc(o.auc, share, o.auc_width)
    oe = sample_size.films_for_oe(share, o.oe_width)
    slope = sample_size.films_for_slope(*risks, o.slope_width)
    needs = (
        _needed(o, "auc", o.auc, o.auc_width, auc),
        _needed(o, "sensitivity", o.sensitivity, o.sensitivity_width, sensitive / share),
        _needed(o, "specificity", o.specificity, o.specificity_width, specific / (1 - share)),
        _needed(o, "oe", 1.0, o.oe_width, oe),
        _needed(o, "calibration_slope", 1.0, o.slope_width, slope),
    )
    most = max(needs, key=lambda need: need.patients)
    before = o.auc if o.auc_before is None else o.auc_before
    return StudyPlan(
        prevalence=share,
        films_per_patient=o.films_per_patient,
        correlation=o.correlation,
        patients=most.patients,
        positives=most.positives,
        negatives=most.negatives,
        films=most.films,
        needs=needs,
        gains=tuple(_gain(o, before, before + gain) for gain in GAINS if before + gain < 1),
    )


def _needed(
    options: PlanOptions,
    figure: Literal["auc", "sensitivity", "specificity", "oe", "calibration_slope"],
    expected: float,
    width: float,
    patients: float,
) -> FilmsNeeded:
    share = options.prevalence
    count = math.ceil(patients - 1e-9)
    positives = math.ceil(count * share - 1e-9)
    return FilmsNeeded(
        figure=figure,
        expected=expected,
        width=width,
        patients=count,
        positives=positives,
        negatives=count - positives,
        films=math.ceil(count * options.films_per_patient - 1e-9),
    )


def _gain(options: PlanOptions, before: float, after: float) -> GainPlan:
    share, correlation = options.prevalence, options.correlation
    return GainPlan(
        auc_before=before,
        auc_after=round(after, 6),
        patients=films_for_gain(before, after, share, correlation, POWER),
        curve=tuple(
            GainPower(
                patients=count, power=power_of_adapting(before, after, count, share, correlation)
            )
            for count in PATIENTS
        ),
    )


def print_plan(plan: StudyPlan, console: Console) -> None:
    """The plan as two tables, and how to choose the films."""
    several = plan.films_per_patient > 1
    needs = Table(title="Patients for 95 % intervals of the wished widths", title_justify="left")
    needs.add_column("figure")
    for heading in ("expected", "width", "patients", "positive", "negative"):
        needs.add_column(heading, justify="right")
    if several:
        needs.add_column("films", justify="right")
    for need in plan.needs:
        needs.add_row(
            NAMES[need.figure], f"{need.expected:g}", f"{need.width:g}", *_counts(need, several)
        )
    needs.add_section()
    needs.add_row("all of these", "", "", *_counts(plan, several))
    console.print(needs)
    gains = Table(
        title="Chance that adapting to so many patients shows its gain of AUC", title_justify="left"
    )
    gains.add_column("AUC before, after")
    for count in PATIENTS:
        gains.add_column(f"{count}", justify="right")
    gains.add_column(f"patients for {POWER:.0%}", justify="right")
    for gain in plan.gains:
        chances = (f"{point.power:.0%}" for point in gain.curve)
        name = f"{gain.auc_before:g}, {gain.auc_after:g}"
        gains.add_row(name, *chances, f"{gain.patients:,}")
    if plan.gains:
        console.print(gains)
    console.print(
        f"Assumed: {plan.prevalence:.1%} of the patients positive, scores normal in each class, "
        f"a correlation within it between those of the two models {_correlation(plan)}, and a head "
        f"that reaches half of its gain with {HALF} patients and all of it with very many.",
        highlight=False,
    )
    for sentence in HOW:
        console.print(f"- {sentence}", highlight=False)


def _correlation(plan: StudyPlan) -> str:
    if plan.correlation is None:
        return "as of a head that starts from the model"
    return f"of {plan.correlation:g}"


def _counts(need: FilmsNeeded | StudyPlan, films: bool) -> list[str]:
    counts = need.patients, need.positives, need.negatives, need.films
    return [f"{count:,}" for count in counts[: 4 if films else 3]]
