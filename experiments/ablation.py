"""What each distillation method is worth: one teacher, one student, several seeds.

    python experiments/ablation.py chest_xray --teacher runs/student/teacher --out runs/ablation

The split, the initial weights' seed, the schedule and the views of a seed are the same for the
student alone and for every method. A killed run goes on where it stood. The predictions on test
are copied to `experiments/ablation/SEED/METHOD.csv`; `python experiments/tables.py` makes tables
from these files alone.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from accelerate import Accelerator

from radistill.config import Method, StudyConfig, load_config
from radistill.data import load_dataset
from radistill.data.cache import build_caches
from radistill.data.targets import targets_of
from radistill.distill.objective import Distillation
from radistill.distill.teacher_cache import teacher_outputs
from radistill.fitting import Study, fit_model
from radistill.models import load_model
from radistill.rundir import RunDirectory, file_digest
from radistill.training.views import Views

HERE = Path(__file__).parent
# Weights bring each method's first loss to about that of the cross-entropy.
METHODS: dict[str, tuple[Method, ...]] = {
    "hinton": (Method(name="hinton", weight=1.0, temperature=2.0),),
    "hint": (Method(name="hint", weight=1.0),),
    "attention": (Method(name="attention", weight=2.0),),
    "rkd-distance": (Method(name="rkd_distance", weight=10.0),),
    "rkd-angle": (Method(name="rkd_angle", weight=20.0),),
    "dist": (Method(name="dist", weight=1.0, temperature=1.0),),
    "hinton-attention": (
        Method(name="hinton", weight=1.0, temperature=2.0),
        Method(name="attention", weight=2.0),
    ),
    "hinton-hint": (
        Method(name="hinton", weight=1.0, temperature=2.0),
        Method(name="hint", weight=1.0),
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--teacher", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--preset", default="student")
    parser.add_argument("--set", action="append", default=[], help="a setting, as of radistill run")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--methods", nargs="+", default=list(METHODS))
    options = parser.parse_args()
    for seed in options.seeds:
        config = load_config(options.preset, overrides=options.set, seed=seed)
        _one_seed(options.data, options.out / f"seed-{seed}", options.teacher, config,
                  options.methods)  # fmt: skip


def _one_seed(
    data: Path, out: Path, teacher: Path, config: StudyConfig, methods: list[str]
) -> None:
    accelerator = Accelerator(cpu=True)
    run = RunDirectory(out)
    run.open(config, update=True)
    dataset = load_dataset(data, config.data, 0)  # one split for all seeds
    run.set_films(dataset.films, update=True)
    targets = targets_of(dataset, config.data.targets)
    sizes = {config.student.input_size, load_model(teacher).input_size}
    caches = build_caches(dataset, sizes, out.parent / "cache")
    study = Study(run, config, dataset, targets, caches, accelerator)
    weights = file_digest(teacher / "weights.safetensors")
    views = Views(config.distill.views, config.seed, config.augment, config.student.mixup)

    def loss(chosen: tuple[Method, ...]) -> Distillation:
        network = load_model(teacher)
        answers = teacher_outputs(
            network, study.examples("train", network.input_size), views,
            folder=run.working("teacher-outputs"),
            key=study.key(weights, config.augment.model_dump(), config.student.mixup),
            accelerator=accelerator,
        )  # fmt: skip
        settings = config.distill.model_copy(update={"methods": chosen})
        return Distillation(answers, settings, config.student.label_smoothing)

    _keep(fit_model(study, "student-alone", config.student, views=views.count), config.seed)
    for name in methods:
        chosen = METHODS[name]
        folder = fit_model(
            study, name, config.student, views=views.count,
            objective=lambda chosen=chosen: loss(chosen),
            depends_on=(weights, [method.model_dump() for method in chosen],
                        config.distill.label_weight),
        )  # fmt: skip
        _keep(folder, config.seed)


def _keep(folder: Path, seed: int) -> None:
    """A copy of the predictions, to be committed."""
    kept = HERE / "ablation" / f"seed-{seed}" / f"{folder.name}.csv"
    kept.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(folder / "predictions.csv", kept)


if __name__ == "__main__":
    main()
