"""A network rebuilt from its ONNX file, trained under a head, and asked like any other change."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from PIL import Image

from radistill.adapt import choose
from radistill.adapt.changes import LocalHead, LocalScores, TunedNetwork, fit_head
from radistill.adapt.choose import choose_change
from radistill.adapt.local_adaptation import adapt_model
from radistill.adapt.local_films import embed
from radistill.data.external_data import ExternalData
from radistill.errors import RadistillError, UsageError
from radistill.runtime import Predictor
from radistill.runtime.find_bundle import find_bundle
from radistill.runtime.session import open_session
from radistill.schema.card import read_card

from .simulated import site

torch = pytest.importorskip("torch")

from radistill.adapt import finetune  # noqa: E402
from radistill.export.onnx import trace  # noqa: E402
from radistill.models.networks import build  # noqa: E402

SIDE, FILMS = 32, 64


def network(architecture: str = "baseline") -> onnx.ModelProto:
    torch.manual_seed(0)
    settings = {"classes": 2, "dropout": 0.0, "input_size": SIDE, "variant": ""}
    return trace(build(architecture, enlarge=2, **settings).eval())


@pytest.fixture(scope="module")
def graph() -> onnx.ModelProto:
    return network()


def squares_of(truth: np.ndarray) -> np.ndarray:
    """Noise, with a bright square somewhere in the positive films, which is hard for a head."""
    rng = np.random.default_rng(0)
    films = rng.integers(60, 120, (len(truth), SIDE, SIDE))
    for film, positive in zip(films, truth, strict=True):
        row, column = rng.integers(4, SIDE - 12, 2)
        film[row : row + 8, column : column + 8] += 60 if positive else 0
        film += 0 if positive else int(rng.integers(0, 8))
    return films.astype(np.uint8)


@pytest.fixture(scope="module")
def local(graph: onnx.ModelProto) -> tuple[LocalScores, np.ndarray, list[str]]:
    truth = np.arange(FILMS) % 2 == 0
    squares = squares_of(truth)
    embedding = embed(open_session(graph.SerializeToString()), squares)
    patients = np.arange(FILMS).astype(str)
    odds = np.random.default_rng(1).normal(size=FILMS)
    names = [f"{film:064x}" for film in range(FILMS)]
    return LocalScores(truth, patients, odds, 0.0, {"as it is": embedding}), squares, names


def auc(truth: np.ndarray, odds: np.ndarray) -> float:
    return float((odds[truth][:, None] > odds[~truth]).mean())


@pytest.mark.parametrize(
    "architecture",
    ["baseline", "resnet18", "mobilenetv3_small_100", "shufflenet_v2_x0_5", "densenet121"],
)
def test_pytorch_gives_what_onnx_runtime_does(architecture: str) -> None:
    onnx_network = network(architecture)
    squares = squares_of(np.arange(4) % 2 == 0)
    wanted = embed(open_session(onnx_network.SerializeToString()), squares)
    rebuilt = finetune.TrainableGraph(onnx_network)
    finetune._check(rebuilt, squares, wanted)
    with pytest.raises(RadistillError, match="differs from its ONNX file"):
        finetune._check(rebuilt, squares, wanted + 1e-3)
    again = embed(open_session(rebuilt.graph().SerializeToString()), squares)
    assert np.array_equal(again, wanted)  # the weights went back to where they came from


def test_a_network_of_other_operators_is_refused_with_the_way_out(
    graph: onnx.ModelProto, tmp_path: Path
) -> None:
    strange = onnx.ModelProto()
    strange.CopyFrom(graph)
    strange.graph.node[0].op_type = "Einsum"
    with pytest.raises(UsageError, match=r"has Einsum\. Leave out --finetune"):
        finetune.NetworkTrainer({"as it is": strange}, tmp_path, 0)


def test_training_ranks_other_films_better_than_the_head(
    graph: onnx.ModelProto,
    local: tuple[LocalScores, np.ndarray, list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(finetune, "EPOCHS", 30)
    monkeypatch.setattr(finetune, "RATE", 1e-3)
    scores, squares, names = local
    rows, held = np.arange(FILMS - 24), np.arange(FILMS - 24, FILMS)
    head = fit_head(scores, rows, 0)
    tuned = finetune.NetworkTrainer({"as it is": graph}, tmp_path, 0)(
        squares, names, scores, rows, head
    )
    truth = scores.truth[held]
    assert auc(truth, tuned.odds[held]) > auc(truth, head.odds(scores, held))
    assert tuned.head is head
    given = embed(open_session(tuned.graph.SerializeToString()), squares)
    assert given @ head.weight + head.bias == pytest.approx(tuned.odds)


def test_a_killed_run_keeps_the_folds_that_it_has_trained(
    graph: onnx.ModelProto,
    local: tuple[LocalScores, np.ndarray, list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(finetune, "EPOCHS", 1)
    scores, squares, names = local
    head = fit_head(scores, np.arange(40), 0)

    def tuned(rows: int, seed: int = 0) -> TunedNetwork:
        trainer = finetune.NetworkTrainer({"as it is": graph}, tmp_path, seed)
        return trainer(squares, names, scores, np.arange(rows), head)

    first = tuned(40)
    trained = []
    train = finetune.NetworkTrainer._train
    monkeypatch.setattr(
        finetune.NetworkTrainer, "_train", lambda *a: (trained.append(1), train(*a))[1]
    )
    assert np.array_equal(tuned(40).odds, first.odds)
    assert not trained
    for rows, seed in ((41, 0), (40, 1)):  # other films, another seed
        tuned(rows, seed)
    assert len(trained) == 2


def test_the_same_seed_trains_the_same_network(
    graph: onnx.ModelProto,
    local: tuple[LocalScores, np.ndarray, list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(finetune, "EPOCHS", 2)
    scores, squares, names = local
    head = fit_head(scores, np.arange(40), 0)
    one, two = (
        finetune.NetworkTrainer({"as it is": graph}, tmp_path / folder, 3)(
            squares, names, scores, np.arange(40), head
        ).odds
        for folder in ("one", "two")
    )
    assert np.array_equal(one, two)
    assert not np.allclose(one, head.odds(scores, np.arange(FILMS)), atol=1e-6)


@pytest.mark.parametrize(("better", "wanted"), [(0.0, "head"), (3.0, "network")])
def test_the_network_wins_only_where_it_is_better_than_the_head(better: float, wanted: str) -> None:
    """The least change whose difference to the best has an interval that holds zero."""
    scores = site(films=400, hidden=2.0)
    signs = np.where(scores.truth, 1.0, -1.0)

    def tune(local: LocalScores, rows: np.ndarray, head: LocalHead) -> TunedNetwork:
        odds = head.odds(local, np.arange(400)) + better * signs
        return TunedNetwork(onnx.ModelProto(), head, odds)

    choice = choose_change(scores, tune=tune)
    assert choice.name == wanted
    assert choice.changes[-1].name == "network"
    assert (choice.network is None) == (wanted == "head")
    assert choice.head is not None


def test_without_finetune_the_network_is_not_among_the_changes() -> None:
    assert choose_change(site()).changes[-1].name == "head"


def test_a_network_that_wins_is_in_the_bundle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From films to an adapted bundle; what is trained is another network than the parent's."""
    monkeypatch.setattr(finetune, "EPOCHS", 1)
    monkeypatch.setattr(choose, "_winner", lambda *_: ("network", "as this test wants"))
    rng = np.random.default_rng(0)
    for kind in ("NORMAL", "PNEUMONIA"):
        (tmp_path / "films" / kind).mkdir(parents=True)
        for number in range(24):
            film = rng.integers(0, 120 if kind == "NORMAL" else 200, (64, 64)).astype(np.uint8)
            Image.fromarray(film).save(tmp_path / "films" / kind / f"{number}.png")
    out = tmp_path / "new"
    films = ExternalData(tmp_path / "films", None, None)
    outcome = adapt_model("pneumonia-children", films, out, finetune=True)
    assert outcome.chosen == "network"
    assert [change.name for change in outcome.changes][-1] == "network"
    card = read_card(out / "card.json")
    assert card.lineage is not None
    assert card.lineage.change.startswith("network")
    assert not (out / "cache").exists()
    answers = [
        a.probability for a in Predictor.load(out).predict(sorted(out.parent.rglob("*.png")))
    ]
    assert len(answers) == 48
    own, parent = (
        {
            i.name: numpy_helper.to_array(i)
            for i in onnx.load(folder / "model.onnx").graph.initializer
        }
        for folder in (out, find_bundle("pneumonia-children"))
    )
    layers = [n for n in own if n in parent and own[n].ndim == 4]
    assert layers
    assert sum(not np.array_equal(own[n], parent[n]) for n in layers) > len(layers) / 2
