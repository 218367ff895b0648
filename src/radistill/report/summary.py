"""What a comparison says, in a few sentences with the figures in them."""

from markupsafe import Markup

from radistill.explain.robustness import weakest
from radistill.report.render import render
from radistill.schema.comparison import Comparison, ModelResult

PREFERRED = ("student", "student-alone", "teacher", "baseline")


def main_model(comparison: Comparison) -> ModelResult:
    """The model the study is about: the distilled student, or the next best there is."""
    preferred = (comparison.model(name) for name in PREFERRED)
    return next((model for model in preferred if model), comparison.models[-1])


def summary(comparison: Comparison) -> list[Markup]:
    """Sentences of summary.html for the head of the report, the most important first."""
    main = main_model(comparison)
    worst = weakest(main.robustness) if main.robustness else None
    text = render("summary.html", {"comparison": comparison, "main": main, "weakest": worst})
    return [Markup(line) for line in text.splitlines() if line]
