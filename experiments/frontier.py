"""How small a student may be: size and latency against AUC, every network by one recipe.

    python experiments/frontier.py chest_xray --out runs/ablation

Each network takes the student's place in the study of seed 0 and learns from the teachers that
`experiments/ablation.py --out runs/ablation` left there. Its predictions on test are copied to
`experiments/frontier/`, with a line of `experiments/frontier/networks.csv`: weights, parameters,
bytes of the ONNX files, and the median time of one film on one thread in ONNX Runtime, measured for
all networks in turn. `python experiments/tables.py` makes the plot from these files alone.
"""

from __future__ import annotations

import argparse
import csv
import shutil
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from ablation import METHODS, open_study

from radistill.config import load_config
from radistill.export.int8 import quantise
from radistill.export.onnx import export_onnx
from radistill.imaging import to_unit
from radistill.runtime.session import OUTPUTS, open_session
from radistill.study.distil import fit_student
from radistill.study.fit import Study
from radistill.study.trained import TrainedModel

HERE = Path(__file__).parent / "frontier"
# Networks without ImageNet weights that a package brings start from random ones.
NETWORKS = {
    "resnet18": "random",
    "mobilenet_v3_small": "random",
    "shufflenet_v2_x0_5": "random",
    "efficientnet_lite0": "auto",
    "efficientnet_lite0_first6": "auto",
    "efficientnet_lite0_first5": "auto",
    "efficientnet_lite0_first4": "auto",
    "efficientnet_lite0_first3": "auto",
}
ROUNDS = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="of the ablation")
    parser.add_argument("--preset", default="student")
    parser.add_argument("--method", default="hinton", choices=list(METHODS))
    parser.add_argument("--set", action="append", default=[], help="a setting, as of radistill run")
    parser.add_argument("--networks", nargs="+", default=list(NETWORKS), choices=list(NETWORKS))
    options = parser.parse_args()
    folders = sorted((options.out / "teachers").glob("teacher*"))
    teachers = [TrainedModel(folder) for folder in folders]
    if not teachers:
        raise SystemExit(f"{options.out / 'teachers'}: no teachers; run experiments/ablation.py")
    studied: dict[str, tuple[Study, TrainedModel]] = {}
    HERE.mkdir(exist_ok=True)
    for name in options.networks:
        place = (f"student.architecture={name}", f"student.weights={NETWORKS[name]}")
        config = load_config(options.preset, overrides=[*options.set, *place], seed=0)
        distill = config.distill.model_copy(update={"methods": METHODS[options.method]})
        with open_study(options.data, options.out / "seed-0", config) as study:
            student = fit_student(study, name, teachers, distill)
        shutil.copyfile(student.folder / "predictions.csv", HERE / f"{name}.csv")
        studied[name] = study, student
    _measure(studied)


def _measure(studied: dict[str, tuple[Study, TrainedModel]]) -> None:
    """Write networks.csv: sizes, and times of one film in turn."""
    rows, sessions = {}, {}
    with TemporaryDirectory() as scratch:
        for name, (study, student) in studied.items():
            model, class_of = student.network, student.class_of
            squares = study.examples("val", model.input_size).squares(np.arange(128)).numpy()
            full, small = (Path(scratch) / f"{name}.{kind}.onnx" for kind in ("float32", "int8"))
            positive, sample = study.dataset.positive_index, squares[:32]
            exported = export_onnx(model, positive=positive, sample=sample, groups=class_of)
            full.write_bytes(exported.bytes)
            quantise(full, small, squares)
            sessions[name] = open_session(full.read_bytes(), threads=1)
            rows[name] = {
                "network": name,
                "weights": study.config.student.weights,
                "parameters": sum(p.numel() for p in model.parameters()),
                "float32_bytes": full.stat().st_size,
                "int8_bytes": small.stat().st_size,
            }
    times: dict[str, list[float]] = {name: [] for name in sessions}
    side = squares.shape[1]
    image = to_unit(np.full((1, side, side), 128, np.uint8))
    for _ in range(ROUNDS):
        for name, session in sessions.items():
            start = time.perf_counter()
            session.run(OUTPUTS, {"image": image})
            times[name].append(1000 * (time.perf_counter() - start))
    with (HERE / "networks.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, [*next(iter(rows.values())), "milliseconds"])
        writer.writeheader()
        for name, row in rows.items():
            writer.writerow({**row, "milliseconds": round(statistics.median(times[name]), 3)})


if __name__ == "__main__":
    main()
