"""What films without labels bring where few have one: several seeds, the official test films.

    python experiments/few_labels.py chest_xray --out runs/few-labels

For each fraction of the patients and each seed: the teacher on the labelled films, the student
alone, and the student that learns from the teacher's answers to all films (preset few-labels). A
seed decides which patients keep their labels, the initial weights, the order of the films and the
views. The student alone is trained with as many steps as the distilled one, and, as
`student-alone-short`, with half of them, which was better on held-out file-name prefixes.
--smaller names smaller networks that are trained alone and distilled too.
The predictions on test are copied to `experiments/few-labels/FRACTION/seed-SEED/MODEL.csv`, those
of a smaller network to the folder of its name in there;
`python experiments/tables.py` makes the tables from these files alone. A killed run resumes.
"""

from __future__ import annotations

import argparse
import shutil
from dataclasses import replace
from pathlib import Path

from accelerate import Accelerator

from radistill.config import load_config
from radistill.data import load_dataset
from radistill.data.targets import targets_of
from radistill.study.distil import fit_rounds, fit_student, fit_teachers
from radistill.study.fit import Study
from radistill.study.rundir import RunDirectory
from radistill.study.trained import TrainedModel
from radistill.study.unlike_films import without_unlike

KEPT = Path(__file__).parent / "few-labels"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--preset", default="few-labels")
    parser.add_argument("--set", action="append", default=[], help="a setting, as of radistill run")
    parser.add_argument("--fractions", nargs="+", default=["0.05", "0.02"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--smaller", nargs="+", default=[], help="architectures")
    options = parser.parse_args()
    for seed in options.seeds:
        for fraction in options.fractions:
            _one(options, fraction, seed)


def _one(options: argparse.Namespace, fraction: str, seed: int) -> None:
    settings = [*options.set, f"data.label_fraction={fraction}"]
    config = load_config(options.preset, overrides=settings, seed=seed)
    run = RunDirectory(options.out / fraction / f"seed-{seed}")
    with run.open(config, update=True):
        dataset = without_unlike(
            load_dataset(
                options.data,
                config.data,
                seed,
                cache=options.out / "cache",
                sizes=config.input_sizes,
            )
        )
        run.record(config, dataset.films, update=True)
        targets = targets_of(dataset, config.data.targets)
        study = Study(run, config, dataset, targets, Accelerator(cpu=True))
        teachers = fit_teachers(study)
        alone = fit_student(study, "student-alone", [], config.distill)
        half = {"epochs": config.student.epochs // 2}
        student_config = config.student.model_copy(update=half)
        shorter = replace(study, config=config.model_copy(update={"student": student_config}))
        short = fit_student(shorter, "student-alone-short", [], config.distill)
        student = fit_rounds(study, teachers)
        smaller = {name: _smaller(study, name, teachers) for name in options.smaller}
    kept = KEPT / fraction / f"seed-{seed}"
    kept.mkdir(parents=True, exist_ok=True)
    for model in (*teachers, alone, short, student):
        shutil.copyfile(model.folder / "predictions.csv", kept / f"{model.folder.name}.csv")
    for architecture, models in smaller.items():
        (kept / architecture).mkdir(exist_ok=True)
        for name, model in models.items():
            shutil.copyfile(model.folder / "predictions.csv", kept / architecture / f"{name}.csv")
    for name in (".teacher-outputs.partial", "cache"):  # views and answers of this seed
        shutil.rmtree(run.folder / name, ignore_errors=True)


def _smaller(
    study: Study, architecture: str, teachers: list[TrainedModel]
) -> dict[str, TrainedModel]:
    """Another network in the student's place, alone and distilled."""
    network = study.config.student.model_copy(update={"architecture": architecture})
    smaller = replace(study, config=study.config.model_copy(update={"student": network}))
    distill = study.config.distill
    return {
        "student-alone": fit_student(smaller, f"alone-{architecture}", [], distill),
        "student": fit_student(smaller, f"student-{architecture}", teachers, distill),
    }


if __name__ == "__main__":
    main()
