"""A bundle and a site's films -> the adapted bundle where a gain is shown, and a report always."""

import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import onnx
from threadpoolctl import threadpool_limits

from radistill.adapt.changes import TunedNetwork
from radistill.adapt.choose import FOLDS, RANKING, Choice, choose_change
from radistill.adapt.confounds import find_confounds
from radistill.adapt.local_bundle import write_local_bundle
from radistill.adapt.local_films import LocalFilms, embeddings_of, read_local_films
from radistill.data.external_data import ExternalData
from radistill.errors import UsageError
from radistill.export.graph import network_of
from radistill.progress import console
from radistill.runtime.find_bundle import find_bundle
from radistill.runtime.open_bundle import Bundle
from radistill.schema.abstention import Abstention
from radistill.schema.adaptation import Adaptation
from radistill.schema.card import CARD, FLOAT16, FLOAT32, INT8, README, TRAINING_FILMS
from radistill.schema.record import write_record

RECORD, REPORT = "adaptation.json", "report.html"
BUNDLE = (CARD, README, TRAINING_FILMS, FLOAT32, INT8, FLOAT16)
OF_PATIENTS = {"cache", "plots", "predictions.csv"}  # beside OUT; earlier versions put them there
OWN = {RECORD, *BUNDLE, *OF_PATIENTS, REPORT}  # all that OUT may hold
MANY = 0.1  # share of films that a bundle should not abstain on without a word


def adapt_model(
    model: str,
    data: ExternalData,
    out: Path,
    *,
    site: str | None = None,
    rule: str = "youden",
    seed: int = 0,
    finetune: bool = False,
) -> Adaptation:
    """Adapt the bundle `model` names to the films of `data`; write `out`, return what came of it.

    out: report.html and adaptation.json; the bundle too where a change has a shown gain. Beside it,
    in `records_of(out)`, what shows films or names patients. site: a name for the card, that of the
    data if not given. rule: by which a threshold is chosen. finetune: try the network itself, too,
    which needs PyTorch. An interrupted run goes on with the films that it has read and the networks
    that it has trained.

    Raises UsageError for data that cannot be used, and if `out` holds something else.
    """
    bundle = Bundle.load(find_bundle(model))
    records = records_of(out)
    _check_free(out, records, bundle.folder)
    if (
        data.labels is None
        and data.path.is_dir()
        and out.resolve().is_relative_to(data.path.resolve())
    ):
        raise UsageError(f"{out}: lies among the films; name a folder outside of {data.path}")
    cache = records / "cache"
    trainer = _trainer(bundle, cache, seed) if finetune else None
    films = read_local_films(bundle, data, cache)
    hashes = [film.sha256 for film in films.dataset.films]
    tune = trainer and partial(trainer, films.squares, hashes)
    console.print(
        f"{len(films.squares)} films read; trying what they pay for, by {FOLDS} outer folds",
        markup=False,
    )
    with threadpool_limits(1):  # matrices are small: threads would wait for each other
        choice = choose_change(films.scores, seed, rule, tune)
        adaptation = _outcome(bundle, films, choice, site or films.dataset.name, seed)
    if adaptation.gained:
        card = write_local_bundle(out, bundle, films, choice, adaptation)
        if note := abstention_note(card.abstention):
            adaptation = adaptation.model_copy(update={"notes": (*adaptation.notes, note)})
    else:  # nor is there one of an earlier adaptation
        for name in (*BUNDLE, "predictions.csv"):
            (out / name).unlink(missing_ok=True)
        for name in ("cache", "plots"):
            shutil.rmtree(out / name, ignore_errors=True)
    write_record(out / RECORD, adaptation)
    films = replace(films, scores=replace(films.scores, embeddings={}))  # plots need the room
    from radistill.adapt.adaptation_report import write_adaptation_report  # brings matplotlib

    write_adaptation_report(out, records, bundle.card, films, choice, adaptation)
    shutil.rmtree(cache, ignore_errors=True)
    return adaptation


def records_of(out: Path) -> Path:
    """The folder beside the bundle `out` for what stays at the site."""
    return out.resolve().with_name(f"{out.resolve().name}-records")


def abstention_note(abstention: Abstention | None) -> str | None:
    """What to say of a bundle that abstains on many films of other patients of the site."""
    if abstention is None:
        return "The new bundle abstains on no film: these are too few to set the limits."
    measured = abstention.measured
    if measured.abstained is None or measured.abstained <= MANY:
        return None
    return (
        f"The new bundle abstains on {measured.abstained:.0%} of the {measured.test_films} films "
        "that its limits were tried on: so few films make them narrow. More films widen them."
    ).replace("%", " %")


def _check_free(out: Path, records: Path, parent: Path) -> None:
    """OUT is new, empty, or of an earlier adaptation, and so is the folder beside it."""
    if out.resolve() == parent.resolve():
        raise UsageError(f"{out}: is the bundle to adapt; name another folder with --out")
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out}: is a file; name a folder with --out")
    held = {entry.name for entry in out.iterdir()} if out.exists() else set()
    if held - {"cache"} and RECORD not in held:
        raise UsageError(f"{out}: holds something else; name another folder with --out")
    if foreign := sorted(held - OWN):
        raise UsageError(f"{out}: holds {foreign[0]}, too; move it, or name another folder")
    beside = {entry.name for entry in records.iterdir()} if records.exists() else set()
    if foreign := sorted(beside - OF_PATIENTS - {REPORT}):
        raise UsageError(
            f"{records}: holds {foreign[0]}; move it, or name another folder with --out"
        )


def _trainer(bundle: Bundle, cache: Path, seed: int) -> Callable[..., TunedNetwork]:
    from radistill.adapt.finetune import NetworkTrainer

    networks = embeddings_of(network_of(onnx.load(bundle.folder / FLOAT32)))
    return NetworkTrainer(networks, cache, seed)


def _outcome(bundle: Bundle, films: LocalFilms, choice: Choice, site: str, seed: int) -> Adaptation:
    scores, dataset = films.scores, films.dataset
    after = choice.odds[choice.name] if choice.name in RANKING else None
    unreadable = len(dataset.unreadable)
    notes = (
        *dataset.notes,
        *_seen_note(bundle, films.seen),
        *([f"{unreadable} files could not be read and were left out."] if unreadable else []),
    )
    return Adaptation(
        format=1,
        site=site,
        parent=bundle.card.files[FLOAT32],
        parent_name=bundle.folder.name,
        films=len(scores.truth),
        positives=int(scores.truth.sum()),
        patients=len(set(scores.patients)),
        seen=films.seen,
        folds=FOLDS,
        seed=seed,
        changes=choice.changes,
        chosen=choice.name,
        reason=choice.reason,
        confounds=find_confounds(scores, films.columns, after, seed=seed),
        counts=Counter(film.label for film in dataset.films),
        notes=notes,
    )


def _seen_note(bundle: Bundle, seen: int | None) -> list[str]:
    if seen is None:
        return [
            f"{bundle.folder.name} does not list the films that it was trained on: whether some of "
            "these are among them cannot be told."
        ]
    if seen:
        return [f"{seen} films that the model was trained or chosen on were left out."]
    return []
