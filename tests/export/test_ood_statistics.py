"""Limits fitted to phantoms let phantoms through and stop what is none."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from radistill.export import ood_statistics
from radistill.export.ood_statistics import (
    abstention_rates,
    cut,
    fit_gaussian,
    fit_limits,
    halves,
    unlike,
)
from radistill.export.outliers import KINDS, outliers
from radistill.imaging import decode, to_square
from radistill.phantoms import generate
from radistill.runtime.ood import distance, reasons_by_statistics, thumbnails
from radistill.schema.abstention import Abstention

SIDE = 64
OWN = tuple(map(str, range(200)))  # each film a patient of its own


def embed(squares: np.ndarray) -> np.ndarray:
    """Stands for a network: means of a 4 x 4 grid and their local contrast, (N, 32)."""
    blocks = squares.reshape(len(squares), 4, SIDE // 4, 4, SIDE // 4).astype(np.float32)
    parts = (blocks.mean((2, 4)), blocks.std((2, 4)))
    return np.concatenate([part.reshape(len(squares), -1) for part in parts], axis=1)


@pytest.fixture(scope="module")
def phantoms(tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    folder = tmp_path_factory.mktemp("phantoms") / "set"
    generate(folder, 200, 0, size=SIDE)
    files = sorted([*(folder / "train").rglob("*.*g"), *(folder / "test").rglob("*.*g")])
    return np.stack([to_square(decode(file), SIDE) for file in files])


@pytest.fixture(scope="module")
def known(phantoms: np.ndarray) -> Abstention:
    limits = fit_limits(phantoms[::2], OWN[::2], embed)
    assert limits is not None
    rates = abstention_rates(limits, phantoms[1::2], OWN[1::2], embed, validation_films=100)
    fitted = Abstention(**dict(limits), measured=rates)
    return Abstention.model_validate_json(fitted.model_dump_json())  # as a card holds it


def reasons(known: Abstention, squares: np.ndarray) -> list[list[str]]:
    squares = np.ascontiguousarray(squares)
    return reasons_by_statistics(known, squares, embed(squares))


def share(found: list[list[str]], reason: str = "") -> float:
    return float(np.mean([reason in one if reason else bool(one) for one in found]))


def test_films_it_has_not_seen_pass(known: Abstention, phantoms: np.ndarray) -> None:
    assert share(reasons(known, phantoms[1::2])) <= 0.05


def test_other_pictures_do_not(known: Abstention) -> None:
    assert share(reasons(known, outliers(90, SIDE, seed=1))) >= 0.95


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("inverted", lambda s: 255 - s),
        ("rotated-90", lambda s: np.rot90(s, 1, (1, 2))),
        ("rotated-90", lambda s: np.rot90(s, 3, (1, 2))),
        ("rotated-180", lambda s: np.rot90(s, 2, (1, 2))),
    ],
)
def test_turned_and_inverted_films_are_named(
    known: Abstention, phantoms: np.ndarray, name: str, change: object
) -> None:
    assert share(reasons(known, change(phantoms[1::2])), name) >= 0.9  # type: ignore[operator]


def test_half_a_film_is_cut_off(known: Abstention, phantoms: np.ndarray) -> None:
    assert share(reasons(known, cut(phantoms[1::2], seed=5)), "cut-off") >= 0.6


def test_the_card_holds_what_was_measured(known: Abstention) -> None:
    measured = known.measured
    assert set(measured.embedding) == {known.detector.kind} == {"mahalanobis"}
    assert measured.validation_films == 100
    pictures = outliers(measured.outliers, SIDE, seed=0)
    caught = reasons(known, pictures)
    by_layout = ["unusual-layout" in one for one in caught]
    by_embedding = ["out-of-distribution" in one for one in caught]
    rate = measured.embedding["mahalanobis"].caught
    assert measured.layout.caught == pytest.approx(np.mean(by_layout), abs=0.01)
    assert rate == pytest.approx(np.mean(by_embedding), abs=0.01)
    either = np.logical_or(by_layout, by_embedding)
    assert measured.outliers_caught == pytest.approx(either.mean(), abs=0.01)
    low, high = measured.outliers_caught_ci or (1, 0)
    assert low < measured.outliers_caught <= high


def test_the_rates_are_of_the_test_films(known: Abstention, phantoms: np.ndarray) -> None:
    measured, held_out = known.measured, reasons(known, phantoms[1::2])
    assert measured.test_films == 100
    assert measured.abstained == pytest.approx(share(held_out), abs=0.01)
    kept = measured.layout.kept
    assert kept == pytest.approx(1 - share(held_out, "unusual-layout"), abs=0.01)
    low, high = measured.abstained_ci or (1, 0)
    assert low <= share(held_out) <= high


def test_a_statistic_cannot_tell_test_films_from_more_films_of_the_same_kind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Measured on the films that it was fitted to, it would seem to."""
    val, test, more = np.random.default_rng(0).integers(0, 256, (3, 60, SIDE, SIDE), dtype=np.uint8)

    def corner(squares: np.ndarray) -> np.ndarray:
        return squares[:, :8, :8].reshape(len(squares), -1) / 255.0

    monkeypatch.setattr(ood_statistics, "outliers", lambda *_, **__: more)
    limits = fit_limits(val, OWN[:60], corner)
    assert limits is not None
    for films, seems_to in ((test, False), (val, True)):
        rates = abstention_rates(limits, films, OWN[:60], corner, validation_films=60)
        assert (abs(rates.embedding["mahalanobis"].auc - 0.5) > 0.1) is seems_to


def test_no_patient_is_in_both_halves() -> None:
    patients = ["a"] * 40 + ["b", "c"] * 15 + list(map(str, range(31)))
    half = halves(patients)
    assert not {*np.array(patients)[half]} & {*np.array(patients)[~half]}
    assert abs(int(half.sum()) - int((~half).sum())) <= 1


def test_a_patients_other_films_make_no_limit_narrower(phantoms: np.ndarray) -> None:
    twice, owners = np.repeat(phantoms[:100], 2, axis=0), np.repeat(OWN[:100], 2).tolist()
    by_patient, by_film = (fit_limits(twice, names, embed) for names in (owners, OWN))
    assert by_patient is not None
    assert by_film is not None
    assert by_patient.layout_limit > by_film.layout_limit
    assert by_patient.detector_limit > by_film.detector_limit


def test_the_statistics_are_small(known: Abstention) -> None:
    assert len(json.dumps(known.model_dump(mode="json"))) < 300_000


def test_too_few_or_too_small_films_give_none(phantoms: np.ndarray) -> None:
    assert fit_limits(phantoms[:20], OWN[:20], embed) is None
    assert fit_limits(phantoms[:, :8, :8], OWN, embed) is None
    assert fit_limits(phantoms, ["one patient"] * 200, embed) is None


def test_the_gaussian_score_is_the_mahalanobis_distance_where_nothing_is_left_out() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 3)) @ rng.normal(size=(3, 3))
    # A fourth, tiny direction takes the residual.
    x = np.concatenate([x, rng.normal(0, 1e-3, (200, 1))], axis=1)
    fitted = fit_gaussian(x)
    centred = x - x.mean(0)
    covariance = np.cov(x.T)
    expected = np.einsum("ni,ij,nj->n", centred, np.linalg.inv(covariance), centred)
    np.testing.assert_allclose(distance(fitted, x), expected, rtol=0.02)


@pytest.mark.parametrize("side", [16, 30, 100])
def test_thumbnails_are_means_of_cells(side: int) -> None:
    squares = np.random.default_rng(0).integers(0, 256, (2, side, side), dtype=np.uint8)
    found = thumbnails(squares)
    assert found.shape == (2, 256)
    np.testing.assert_allclose(found.mean(1), 0, atol=1e-5)
    if side == 16:
        plain = squares.reshape(2, -1).astype(float)
        z = (plain - plain.mean(1, keepdims=True)) / plain.std(1, keepdims=True)
        np.testing.assert_allclose(found, z, atol=1e-5)


def test_outliers_are_the_same_for_one_seed_and_of_every_kind() -> None:
    count = 2 * len(KINDS)
    one, two, other = (outliers(count, SIDE, seed) for seed in (0, 0, 1))
    assert one.shape == (count, SIDE, SIDE)
    np.testing.assert_array_equal(one, two)
    assert (one != other).any(axis=(1, 2)).all()
    assert (one.reshape(count, -1).std(1) > 1).all()
    assert Image.fromarray(one[0]).mode == "L"


@pytest.mark.parametrize("count", [32, 48, 80])
def test_few_known_films_do_not_make_others_of_their_kind_unlike(
    phantoms: np.ndarray, count: int
) -> None:
    """As many components behind the limit as behind the distances that are held against it."""
    known, others = phantoms[::2][:count], phantoms[1::2]
    outside = unlike(known, OWN[:count], others)
    assert outside is not None
    assert outside.mean() < 0.15
    pictures = unlike(known, OWN[:count], outliers(60, SIDE, seed=1))
    assert pictures is not None
    assert pictures.mean() > 0.8
    assert reasons_share(known, others) < 0.2


def reasons_share(squares: np.ndarray, others: np.ndarray) -> float:
    limits = fit_limits(squares, OWN[: len(squares)], embed)
    assert limits is not None
    return share(reasons_by_statistics(limits, others, embed(others)))


def test_too_few_known_films_tell_nothing(phantoms: np.ndarray) -> None:
    assert unlike(phantoms[:20], OWN[:20], phantoms) is None
    assert unlike(phantoms[:60], ["one"] * 60, phantoms) is None
