"""From labelled reports to a labeller."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from sklearn.linear_model import LogisticRegression

from radistill import __version__
from radistill.metrics.thresholds import choose_threshold
from radistill.progress import bar
from radistill.schema.labeller_file import (
    FORMAT,
    KeywordRule,
    Labeller,
    LabellerCard,
    Labels,
    Question,
    Steps,
    TrainedOn,
    Training,
)
from radistill.text.labeller.learn import INNER_FOLDS, choose, fit, fold_bags
from radistill.text.labeller.tasks import OPEN_I_TRAINED, Task, tasks_of
from radistill.text.nlp.bag import Bag, bag
from radistill.text.read.collection import ReportCollection

FEWEST = 2 * INNER_FOLDS  # different texts of each class
DIGITS = 5  # of a log-probability in the file


def train(
    reports: ReportCollection,
    kind: str,
    seed: int,
    *,
    positive: str | None = None,
    rules: str = "",
) -> Labeller:
    """Train one question for each that the labels of `reports` can answer.

    kind: naive_bayes or logistic. positive, rules: for own labels, see `tasks_of`.
    Settings, calibration and threshold come from cross-validation, identical texts together.
    Raises UsageError if labels are missing, of one class, or too few.
    """
    tasks = tasks_of(reports, positive, rules, OPEN_I_TRAINED)
    with bar() as progress:
        rounds = len(tasks) * (INNER_FOLDS + 1)
        tick = partial(progress.advance, progress.add_task("training", total=rounds))
        bags = [bag(record.report, Steps()) for record in reports.records]
        questions = tuple(train_question(task, bags, kind, seed, tick) for task in tasks)
    negative, positive = tasks[0].labels
    return Labeller(
        format=FORMAT,
        card=LabellerCard(
            made_by=f"radistill {__version__}",
            trained_on=TrainedOn(source=reports.name, reports=len(reports.records), seed=seed),
            language="English",
            intended_use="labels for training image models; research and teaching, not a medical "
            "device",
        ),
        labels=Labels(negative=negative, positive=positive),
        steps=Steps(),
        questions=questions,
    )


def train_question(
    task: Task, bags: Sequence[Bag], kind: str, seed: int, tick: Callable[[], None]
) -> Question:
    """Choose settings within the reports that have an answer, then train on all of them.

    bags: of all reports of the collection. tick: called INNER_FOLDS + 1 times.
    """
    task.require_texts(FEWEST)
    truth = task.truth
    features = [bags[i].features for i in task.rows]
    chosen = choose((kind,), features, truth, task.groups, seed, tick=tick)[kind]
    every = np.arange(len(truth))
    words = fold_bags(features, every, every[:0]).select(chosen.setting.bigrams)
    model = fit(kind, chosen.setting, words.x_train, truth)
    tick()
    threshold = 0.5
    if task.rules:
        scores = np.array([bags[i].rules[task.rules] for i in task.rows])
        threshold = choose_threshold(truth, scores, "f1")
    question = partial(
        Question,
        name=task.name,
        negative=task.negative,
        positive=task.positive,
        classifier=kind,
        training=Training(reports=len(truth), positives=int(truth.sum()), setting=chosen.setting),
        threshold=chosen.threshold,
        calibration=chosen.calibration,
        rules=KeywordRule(question=task.rules, threshold=threshold),
        vocabulary=tuple(words.names[model["select"].get_support()].tolist()),
    )
    if isinstance(linear := model["model"], LogisticRegression):
        return question(intercept=float(linear.intercept_[0]), weights=_rounded(linear.coef_[0]))
    log_probability = tuple(map(_rounded, linear.feature_log_prob_))
    return question(log_prior=tuple(linear.class_log_prior_), log_probability=log_probability)


def _rounded(values: np.ndarray) -> tuple[float, ...]:
    return tuple(round(float(value), DIGITS) for value in values)
