"""What `radistill text evaluate` writes to figures.json and prints with --json."""

from collections.abc import Mapping

from radistill.schema.figures import Figures
from radistill.schema.record import Interval, Record


class FoldSetting(Record):
    """What was chosen within the training reports of one fold; of the rules only `kind` is set."""

    kind: str
    bigrams: bool | None = None
    terms: int | None = None
    smoothing: float | None = None


class LabellerFigures(Figures):
    """Figures of a labeller on the reports of a task, `positives` of which are positive.

    Decisions are those at each fold's own threshold; `threshold` is the median of these. Intervals
    are over different texts. settings: by fold, unset for a finished labeller.
    """

    positives: int
    settings: tuple[FoldSetting, ...] = ()


class ReportsFacts(Record):
    """The reports that were evaluated. left_out: by task, those without an answer."""

    name: str
    reports: int
    different_texts: int
    seed: int
    folds: int
    bootstrap: int
    left_out: Mapping[str, int]
    failed: int
    notes: tuple[str, ...]


class LabellerPair(Record):
    """Two labellers on the same reports of a task; differences are a - b, ci that of the AUC."""

    task: str
    a: str
    b: str
    auc_difference: float
    ci: Interval
    f1_difference: float
    f1_ci: Interval
    delong_p: float
    mcnemar_p: float
    only_a_right: int
    only_b_right: int


class Agreement(Record):
    """Naive Bayes on the reports (a share `kept`) where the keywords say the same."""

    kept: float
    accuracy_of_all: float
    accuracy_of_kept: float | None
    f1_of_kept: float | None


class AblationRow(Record):
    """Naive Bayes `without` one step; changes are against the row without "nothing"."""

    task: str
    without: str
    auc: float
    f1: float
    auc_change: float | None = None
    ci: Interval | None = None


class LabellerEvaluation(Record):
    """Figures by task and labeller. A finished labeller has `dataset` and `tasks` alone.

    comparisons: other classifiers than those of `tasks`. agreement: by task.
    """

    dataset: ReportsFacts
    tasks: Mapping[str, Mapping[str, LabellerFigures]]
    comparisons: Mapping[str, Mapping[str, LabellerFigures]] = {}
    pairs: tuple[LabellerPair, ...] = ()
    agreement: Mapping[str, Agreement] = {}
    ablation: tuple[AblationRow, ...] = ()

    def labellers(self, task: str) -> dict[str, LabellerFigures]:
        """All labellers of a task, those of `tasks` first."""
        return {**self.tasks[task], **self.comparisons.get(task, {})}
