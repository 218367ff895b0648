"""The installed bundle's card made anew from its two ONNX files, which stay as they are.

    python experiments/shipped_card.py DATA

DATA: the Kaggle set, split as preset student does with seed 0. Writes card.json and README.md with
the figures of each file and of abstention on test, and training-films.bin. Stops, and writes
nothing, if INT8's own threshold or calibration is another than the one that ships, or if INT8 would
no longer be kept: decisions would change.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from radistill.config import load_config
from radistill.data import load_dataset
from radistill.data.manifest import write_manifest
from radistill.data.training_films import TrainingFilms
from radistill.export.int8 import LIMITS, difference
from radistill.export.model_card import file_figures, model_card
from radistill.export.ood_statistics import abstention_rates
from radistill.export.operating_points import validation_points, without_points
from radistill.files import sha256, write_json, write_text, write_with
from radistill.metrics.groups import manifest_columns
from radistill.metrics.predictions import Predictions
from radistill.runtime.find_bundle import find_bundle
from radistill.runtime.open_bundle import Bundle
from radistill.schema.card import CARD, FLOAT32, README, TRAINING_FILMS, FileFigures
from radistill.study.decoded_films import DecodedFilms
from radistill.study.small_file import result_of_file

NAME, SEED = "pneumonia-children", 0


def main(data: Path) -> None:
    folder = find_bundle(NAME)
    config = load_config("student", None, [], SEED)
    small, exact = (Bundle.load(folder, precision=kind) for kind in ("auto", "float32"))
    card = small.card
    side = card.input_size
    with TemporaryDirectory() as scratch:
        dataset = load_dataset(data, config.data, SEED, cache=Path(scratch), sizes={side})
        films = DecodedFilms.of(dataset.films, dataset.squares)
        scores: dict[str, dict[str, Predictions]] = {}
        for bundle in (small, exact):
            scores[bundle.file] = {}
            for split in ("val", "test"):
                rows = dataset.split(split)
                paths = tuple(film.path for film in rows)
                scores[bundle.file][split] = Predictions(
                    paths,
                    tuple(film.patient for film in rows),
                    tuple(film.label for film in rows),
                    bundle.probabilities(films.at(side)(paths))[:, card.positive_index],
                    card.positive,
                )
        manifest = Path(scratch) / "manifest.csv"
        write_manifest(manifest, dataset.films)
        paths = scores[small.file]["test"].path
        columns = manifest_columns(manifest, paths, films.exposure)
        listed = TrainingFilms.of(dataset.films, dataset.perceptual_hashes)
        assert card.abstention is not None
        rates = abstention_rates(
            card.abstention,
            films.at(side)(paths),
            scores[small.file]["test"].patient,
            lambda squares: small.run(squares).embedding,
            validation_films=len(dataset.split("val")),
        )
    assert card.figures is not None
    network = card.figures
    made = {
        name: result_of_file(network, own, columns, config.evaluation, SEED)
        for name, own in scores.items()
    }
    figures = made[small.file]
    calibration = figures.calibration
    if figures.test.threshold != card.threshold or (calibration and calibration.kind != "none"):
        sys.exit(f"threshold {figures.test.threshold}, {calibration}: decisions would change")
    validation = {name: own["val"] for name, own in scores.items()}
    points = {
        name: validation_points(p.truth, p.probability, made[name].test.threshold, p.patient)
        for name, p in validation.items()
    }
    one, other = validation[FLOAT32], validation[small.file]
    gap = difference(one.truth, one.probability, other.probability, card.threshold)
    if gap.too_large:
        sys.exit(f"{small.file} would not be kept: {', '.join(gap.too_large)}")
    card = card.model_copy(
        update={
            "operating_points": points[small.file],
            "figures": without_points(figures, points[small.file]),
            "figures_of": small.file,
            "float32": FileFigures(
                threshold=made[FLOAT32].test.threshold,
                operating_points=points[FLOAT32],
                test=made[FLOAT32].test,
            ),
            "quantisation": card.quantisation.model_copy(
                update={
                    "val_auc_float32": gap.auc_before,
                    "val_auc_small": gap.auc_after,
                    "probability_difference": gap.probability,
                    "decisions_changed": gap.decisions,
                    "reason": LIMITS,
                }
            ),
            "abstention": card.abstention.model_copy(update={"measured": rates}),
        }
    )
    write_text(folder / README, model_card(card))
    write_with(folder / TRAINING_FILMS, lambda path: path.write_bytes(listed.to_bytes()))
    files = card.files | {name: sha256(folder / name) for name in (README, TRAINING_FILMS)}
    card = card.model_copy(update={"files": files})
    write_json(folder / CARD, card.model_dump(mode="json"))
    print("\n".join(file_figures(card)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
