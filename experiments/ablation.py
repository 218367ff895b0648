"""What each distillation method is worth: the same student, several seeds.

    python experiments/ablation.py chest_xray --out runs/ablation

Teachers of seeds 0, 1, ... are trained first; all methods but `one-teacher` learn from their
average. The split, the initial weights' seed, the schedule and the views of a seed are the same
for the student alone and for every method. A killed run resumes.

The predictions are copied to `experiments/KEEP/SEED/METHOD.csv`; `python experiments/tables.py`
makes tables from these files alone. With `--held-out` the validation films have file-name prefixes
that training has not seen, and their predictions are kept, in `experiments/held-out/`: a method
is chosen there.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator, Set
from contextlib import contextmanager
from pathlib import Path

from accelerate import Accelerator

from radistill.config import GeneralConfig, Method, StudyConfig, load_config
from radistill.data import load_dataset
from radistill.data.targets import targets_of
from radistill.study.distil import fit_student, fit_teachers
from radistill.study.fit import Study
from radistill.study.rundir import RunDirectory
from radistill.study.trained import TrainedModel

HERE = Path(__file__).parent
ALONE, ONE_TEACHER = "student-alone", "one-teacher"
_HINTON = Method(name="hinton", weight=1.0, temperature=2.0)
# Weights bring each method's first loss to about that of the cross-entropy.
METHODS: dict[str, tuple[Method, ...]] = {
    ALONE: (),
    ONE_TEACHER: (_HINTON,),
    "hinton": (_HINTON,),
    "hint": (Method(name="hint", weight=1.0),),
    "attention": (Method(name="attention", weight=2.0),),
    "rkd-distance": (Method(name="rkd_distance", weight=10.0),),
    "rkd-angle": (Method(name="rkd_angle", weight=20.0),),
    "dist": (Method(name="dist", weight=1.0, temperature=1.0),),
    "hinton-hint": (_HINTON, Method(name="hint", weight=1.0)),
    "hinton-rkd": (_HINTON, Method(name="rkd_distance", weight=10.0)),
    "hinton-general": (_HINTON, Method(name="hint", teacher="general", weight=1.0)),
}
# The cut network as ImageNet left it; at 224 pixels it carries more and takes twice the time.
GENERAL = GeneralConfig(architecture="efficientnet_lite0_first5", weights="auto", input_size=160)
FROM_GENERAL = [name for name, some in METHODS.items() if any(m.teacher == "general" for m in some)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--teachers", type=int, default=3)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--preset", default="student")
    parser.add_argument("--set", action="append", default=[], help="a setting, as of radistill run")
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2], help="of the students")
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=list(METHODS))
    parser.add_argument("--keep", default="ablation", help="folder of the copies")
    parser.add_argument("--held-out", action="store_true", help="judge on held-out prefixes")
    options = parser.parse_args()
    settings = [*options.set, *(["data.validation=prefix"] if options.held_out else [])]
    ensemble = [*settings, f"teacher.members={[{}] * options.teachers}"]
    config = load_config(options.preset, overrides=ensemble, seed=0)
    teachers: list[TrainedModel] = []
    if options.methods != [ALONE]:
        with open_study(options.data, options.out / "teachers", config) as study:
            teachers = fit_teachers(study)
        _keep(options, config.seed, *teachers)
    for seed in options.seeds:
        config = load_config(options.preset, overrides=settings, seed=seed)
        sizes = {GENERAL.input_size} if {*options.methods} & {*FROM_GENERAL} else set()
        with open_study(options.data, options.out / f"seed-{seed}", config, sizes) as study:
            for name in options.methods:
                general = GENERAL if name in FROM_GENERAL else None
                update = {"methods": METHODS[name], "general": general}
                distill = config.distill.model_copy(update=update)
                count = {ALONE: 0, ONE_TEACHER: 1}.get(name, len(teachers))
                _keep(options, seed, fit_student(study, name, teachers[:count], distill))


def _keep(options: argparse.Namespace, seed: int, *models: TrainedModel) -> None:
    """Copies of the predictions, to be committed; the first teacher's under the name `teacher`."""
    kept = HERE / ("held-out" if options.held_out else options.keep) / f"seed-{seed}"
    kept.mkdir(parents=True, exist_ok=True)
    part = "predictions-val.csv" if options.held_out else "predictions.csv"
    for model in models:
        name = model.folder.name.replace("teacher-1", "teacher")
        shutil.copyfile(model.folder / part, kept / f"{name}.csv")


@contextmanager
def open_study(
    data: Path, out: Path, config: StudyConfig, further: Set[int] = frozenset()
) -> Iterator[Study]:
    """The study of one seed, on the split of seed 0, which no other process works on meanwhile.

    further: sides of films that other networks than the configuration's take.
    """
    run = RunDirectory(out)
    with run.open(config, update=True):
        sizes = {config.teacher.input_size, config.student.input_size} | further
        dataset = load_dataset(data, config.data, 0, cache=out / "cache", sizes=sizes)
        run.record(config, dataset.films, update=True)
        targets = targets_of(dataset, config.data.targets)
        yield Study(run, config, dataset, targets, Accelerator(cpu=True))


if __name__ == "__main__":
    main()
