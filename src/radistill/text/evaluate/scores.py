"""Figures of labellers on one task, with intervals over texts."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from sklearn.metrics import f1_score, roc_auc_score

from radistill.metrics.bootstrap import decisions
from radistill.metrics.intervals import (
    flat_auc_interval,
    least_patients,
    patient_weights,
    percentile_interval,
    weighted_auc,
)
from radistill.metrics.metrics import metrics
from radistill.metrics.paired import delong, mcnemar
from radistill.schema.labeller_figures import (
    AblationRow,
    Agreement,
    LabellerFigures,
    LabellerPair,
)
from radistill.schema.record import Interval
from radistill.text.evaluate.crossval import HeldOutScores
from radistill.text.labeller.tasks import Task

FROM_DECISIONS = {"accuracy", "f1", "precision", "recall", "specificity", "confusion"}


@dataclass(frozen=True, eq=False)
class TaskScores:
    """Labellers by name on the reports of a task; resamples, seed: of the bootstrap over texts."""

    task: Task
    labellers: dict[str, HeldOutScores]
    resamples: int
    seed: int

    @cached_property
    def draws(self) -> dict[str, np.ndarray]:
        """AUC and F1 of each labeller, (2, R), all under the same resamples of texts."""
        truth, groups = self.task.truth, self.task.groups.tolist()
        blocks: dict[str, list[np.ndarray]] = {name: [] for name in self.labellers}
        for weights in patient_weights(truth, groups, self.resamples, self.seed):
            for name, scores in self.labellers.items():
                auc = weighted_auc(truth, scores.probability, weights)
                f1 = decisions(truth, scores.called, weights)["f1"]
                blocks[name].append(np.stack([auc, f1]))
        return {name: np.concatenate(parts, axis=1) for name, parts in blocks.items()}

    def _interval(self, draws: np.ndarray) -> Interval:
        return percentile_interval(
            draws, least_patients(self.task.truth, self.task.groups.tolist())
        )

    def figures(self, name: str) -> LabellerFigures:
        """Figures of one labeller, decisions at the threshold of each fold."""
        scores, task = self.labellers[name], self.task
        auc_draws, f1_draws = self.draws[name]
        point = metrics(task.truth, scores.probability, float(np.median(scores.thresholds)))
        decided = metrics(task.truth, scores.called.astype(float), 0.5)
        values = point.model_dump() | decided.model_dump(include=FROM_DECISIONS)
        if np.ptp(auc_draws) == 0:
            values["auc_ci"] = flat_auc_interval(auc_draws[0], task.truth, task.groups.tolist())
        else:
            values["auc_ci"] = self._interval(auc_draws)
        values |= {"f1_ci": self._interval(f1_draws), "positives": int(task.truth.sum())}
        if scores.settings:
            values["settings"] = scores.settings
        return LabellerFigures(**values)

    def pair(self, a: str, b: str) -> LabellerPair:
        """Labeller `a` against labeller `b` on the same texts."""
        truth, first, second = self.task.truth, self.labellers[a], self.labellers[b]
        auc_draws, f1_draws = self.draws[a] - self.draws[b]
        ranked = delong(truth, first.probability, second.probability)
        decided = mcnemar(truth, first.called, second.called)
        return LabellerPair(
            task=self.task.name,
            a=a,
            b=b,
            auc_difference=ranked.difference,
            ci=self._interval(auc_draws),
            f1_difference=_f1(truth, first.called) - _f1(truth, second.called),
            f1_ci=self._interval(f1_draws),
            delong_p=ranked.p,
            mcnemar_p=decided.p,
            only_a_right=decided.only_a,
            only_b_right=decided.only_b,
        )

    def agreement(self) -> Agreement:
        """How right naive Bayes is where the keywords agree with it."""
        truth, called = self.task.truth, self.labellers["naive_bayes"].called
        agree, right = called == self.labellers["rules"].called, called == truth
        return Agreement(
            kept=float(agree.mean()),
            accuracy_of_all=float(right.mean()),
            accuracy_of_kept=float(right[agree].mean()) if agree.any() else None,
            f1_of_kept=_f1(truth[agree], called[agree]) if agree.any() else None,
        )

    def ablation(self) -> list[AblationRow]:
        """Rows of labellers that are named for the step they lack, the first lacking none."""
        rows: list[AblationRow] = []
        task, full = self.task, next(iter(self.draws.values()))
        for name, scores in self.labellers.items():
            auc = float(roc_auc_score(task.truth, scores.probability))
            f1 = _f1(task.truth, scores.called)
            row = AblationRow(task=task.name, without=name, auc=auc, f1=f1)
            if rows:
                ci = self._interval(self.draws[name][0] - full[0])
                row = row.model_copy(update={"auc_change": auc - rows[0].auc, "ci": ci})
            rows.append(row)
        return rows


def _f1(truth: np.ndarray, called: np.ndarray) -> float:
    return float(f1_score(truth, called, zero_division=0))
