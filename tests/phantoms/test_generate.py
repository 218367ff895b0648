"""Phantoms: the layout, the same films for the same seed, and that the task is a fair one."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from radistill.errors import RadistillError, UsageError
from radistill.phantoms import generate
from radistill.phantoms.anatomy import Anatomy, Pose
from radistill.phantoms.cohort import SMALLEST, plan
from radistill.phantoms.film import Exposure, expose
from radistill.phantoms.generate import film
from radistill.phantoms.geometry import FilmPlane, capsule, curve, ellipsoid, tubes
from radistill.phantoms.project import project

NAMES = re.compile(
    r"(person\d+_(bacteria|virus)_\d+|(NORMAL2-)?IM-\d{4}-0001(-\d{4})?)\.(jpeg|png)"
)


@pytest.fixture(scope="module")
def phantoms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("phantoms") / "set"
    generate(out, 40, 3, 96)
    return out


def contents(root: Path) -> dict[str, bytes]:
    return {str(f.relative_to(root)): f.read_bytes() for f in root.rglob("*") if f.is_file()}


# ---------------------------------------------------------------- geometry, against formulas


def view(size: int = 200, field: float = 20.0, roll: float = 0.0) -> FilmPlane:
    return FilmPlane.make(size, field, roll, 0.0, (0.0, 0.0))


def test_an_ellipsoid_has_its_volume_and_its_depth() -> None:
    length = ellipsoid(view(), (1.0, -2.0, 0.5), (4.0, 3.0, 2.0), 0.3).length
    assert length.max() == pytest.approx(4.0, rel=1e-2)
    assert length.sum() * 0.1**2 == pytest.approx(4 / 3 * np.pi * 4 * 3 * 2, rel=1e-2)


def test_overlap_of_nested_and_of_separate_shapes() -> None:
    big = ellipsoid(view(), (0, 0, 0), (5, 5, 5))
    small = ellipsoid(view(), (0, 0, 1), (2, 2, 2))
    behind = ellipsoid(view(), (0, 0, -9), (2, 2, 2))
    np.testing.assert_allclose(big.overlap(small), small.length, atol=1e-5)
    assert big.overlap(behind).max() == 0
    np.testing.assert_allclose(big.overlap(small, big), small.length, atol=1e-5)


@given(st.floats(-0.5, 0.5), st.floats(0.5, 2.0))
@settings(max_examples=20, deadline=None)
def test_a_rod_has_its_volume_at_any_angle(roll: float, radius: float) -> None:
    length = capsule(view(400, roll=roll), (-3, 0), (3, 0), radius)
    volume = np.pi * radius**2 * 6 + 4 / 3 * np.pi * radius**3
    assert length.sum() * 0.05**2 == pytest.approx(volume, rel=3e-2)
    assert length.max() == pytest.approx(2 * radius, rel=2e-2)


@given(st.floats(0.25, 0.6), st.floats(-0.5, 0.5), st.floats(-1.0, 1.0))
@settings(max_examples=20, deadline=None)
def test_a_thin_tube_keeps_its_mass_however_it_lies(radius: float, roll: float, z: float) -> None:
    points, mass = curve([[-4, 0, 0], [4, 1, 8 * z]], 0.1)
    total = tubes(view(roll=roll), points, np.full(len(mass), radius, np.float32), mass)
    assert mass.sum() == pytest.approx(np.sqrt(65 + 64 * z * z), rel=1e-5)
    assert total.sum() * 0.1**2 == pytest.approx(np.pi * radius**2 * mass.sum(), rel=3e-2)


def test_a_tube_across_the_rays_has_the_chord_of_a_cylinder() -> None:
    points, mass = curve([[-9, 0, 0], [9, 0, 0]], 0.1)
    row = tubes(view(400), points, np.full(len(mass), 1.0, np.float32), mass)[:, 200]
    y = (np.arange(400) + 0.5) / 20 - 10
    np.testing.assert_allclose(row, 2 * np.sqrt(np.maximum(1 - y * y, 0)), atol=0.12)


def test_what_lies_beside_the_film_does_not_matter() -> None:
    points, mass = curve([[-50, 30, 0], [-20, 90, 0]], 0.1)
    assert tubes(view(), points, np.full(len(mass), 0.3, np.float32), mass).max() == 0
    assert capsule(view(), (40, 40), (60, 60), 3).max() == 0


# ---------------------------------------------------------------- films


def test_more_light_comes_through_lung_than_through_heart() -> None:
    rng = np.random.default_rng(5)
    anatomy, pose = Anatomy.sample(rng), Pose(21.5, 0, 0, (0, 0), 0)
    chest = project(anatomy, pose, 128)
    lung = chest.lungs[0] > 5
    heart = (slice(70, 80), slice(66, 76))
    assert chest.attenuation[lung].mean() + 0.5 < chest.attenuation[heart].mean()
    assert chest.attenuation.min() >= 0
    # The heart takes its room from the left lung, on the right of the film.
    assert chest.lungs[0].sum() > chest.lungs[1].sum()


def test_noise_falls_with_the_square_root_of_the_dose() -> None:
    def noise(quanta: float) -> float:
        exposure = Exposure(quanta, 0.2, 0.5, 0.0, 1.0, 0, (0, 0, 0, 0), None)
        ramp = np.broadcast_to(np.linspace(1, 3, 256, dtype=np.float32), (256, 256))
        grey = expose(ramp, exposure, np.random.default_rng(0)).astype(float)
        return float(grey[:, 100:150].std(0).mean())

    assert noise(1000) / noise(16000) == pytest.approx(4, rel=0.15)


def test_a_film_is_the_same_however_often_it_is_made() -> None:
    planned = plan(40, 9)[-1]
    (first, first_mask), (again, again_mask) = (film(planned, 9, 64) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(first_mask, again_mask)
    assert not np.array_equal(first, film(planned, 10, 64)[0])


def test_films_are_the_same_on_every_cpu(tmp_path: Path) -> None:
    """On one without vector instructions: NumPy's exp and OpenBLAS's sums end in other bits."""
    from numpy._core._multiarray_umath import __cpu_dispatch__

    plain = {"NPY_DISABLE_CPU_FEATURES": " ".join(__cpu_dispatch__), "OPENBLAS_CORETYPE": "Nehalem"}
    code = (
        "import sys; from pathlib import Path; from radistill.phantoms import generate;"
        "generate(Path(sys.argv[1]), 16, seed=0)"
    )
    for name, more in (("here", {}), ("plain", plain)):
        command = [sys.executable, "-W", "ignore", "-c", code, tmp_path / name]
        subprocess.run(command, env={**os.environ, **more}, check=True)
    assert contents(tmp_path / "here") == contents(tmp_path / "plain")


def test_films_of_one_patient_are_alike_but_not_the_same() -> None:
    films = [f for f in plan(200, 0) if f.subtype == ""]
    second = next(f for f in films if f.film == 1)
    first = next(f for f in films if f.patient == second.patient and f.film == 0)
    a, b = film(first, 0, 64)[0], film(second, 0, 64)[0]
    assert not np.array_equal(a, b)
    assert np.corrcoef(a.ravel(), b.ravel())[0, 1] > 0.5


def test_opacities_are_where_the_masks_say_and_only_in_disease() -> None:
    for planned in plan(40, 2):
        pixels, opaque = film(planned, 2, 96)
        assert pixels.dtype == np.uint8
        assert pixels.shape == opaque.shape == (96, 96)
        assert pixels.std() > 20
        assert opaque.any() == (planned.folder == "PNEUMONIA")
        assert opaque.mean() < 0.4


def test_viral_disease_is_on_both_sides_and_bacterial_on_one() -> None:
    sides: dict[str, list[float]] = {"bacteria": [], "virus": []}
    for planned in plan(120, 4):
        if planned.subtype and planned.film == 0:
            opaque = film(planned, 4, 96)[1]
            left = opaque[:, :48].sum() / opaque.sum()
            sides[planned.subtype].append(float(min(left, 1 - left)))
    assert np.median(sides["bacteria"]) < 0.05
    assert np.median(sides["virus"]) > 0.25


# ---------------------------------------------------------------- the set


@given(st.integers(SMALLEST, 600), st.integers(0, 2**31))
@settings(max_examples=40, deadline=None)
def test_every_plan_has_the_right_films(n: int, seed: int) -> None:
    films = plan(n, seed)
    assert len(films) == n == len({(f.split, f.folder, f.stem) for f in films})
    splits = {s: {f.patient for f in films if f.split == s} for s in ("train", "test")}
    assert not splits["train"] & splits["test"]
    count = Counter((f.split, f.folder, f.subtype) for f in films)
    assert len(count) == 6
    tests = sum(f.split == "test" for f in films)
    normals = sum(f.folder == "NORMAL" for f in films)
    assert tests / n == pytest.approx(0.25, abs=0.1)
    assert normals / n == pytest.approx(0.4, abs=0.07)
    for subtype in ("bacteria", "virus"):
        images = [f.stem.split("_")[2] for f in films if f.subtype == subtype]
        assert len(images) == len(set(images))


def test_layout_names_and_mark(phantoms: Path) -> None:
    films = sorted(p.relative_to(phantoms) for p in phantoms.glob("t*/*/*.jpeg"))
    masks = sorted(p.relative_to(phantoms / "masks") for p in phantoms.glob("masks/*/*/*.png"))
    assert [f.with_suffix("") for f in films] == [m.with_suffix("") for m in masks]
    assert len(films) == 40
    assert all(NAMES.fullmatch(f.name) for f in films)
    for f in films:
        assert (f.parts[1] == "PNEUMONIA") == f.name.startswith("person")
        with Image.open(phantoms / f) as image:
            assert (image.format, image.mode, image.size) == ("JPEG", "L", (96, 96))
    with Image.open(phantoms / "masks" / masks[0]) as image:
        assert set(np.unique(np.asarray(image))) <= {0, 255}
    mark = json.loads((phantoms / "phantom.json").read_text())
    assert mark["generator"] == "radistill phantom"
    assert (mark["seed"], mark["n"], mark["size"]) == (3, 40, 96)


def test_the_reader_takes_patients_and_subtypes_from_the_names(phantoms: Path) -> None:
    from radistill.config import DataConfig
    from radistill.data import load_dataset

    dataset = load_dataset(phantoms, DataConfig(), seed=0)
    assert len(dataset.films) == 40
    assert dataset.synthetic
    assert dataset.positive == "PNEUMONIA"
    assert {f.subtype for f in dataset.films if f.label == "PNEUMONIA"} == {"bacteria", "virus"}
    assert not dataset.leaking
    patients = {s: {f.patient for f in dataset.split(s)} for s in ("train", "val", "test")}
    assert sum(map(len, patients.values())) == len(set().union(*patients.values()))
    expected = {(f.split, f.patient) for f in plan(40, 3)}
    assert sum(map(len, patients.values())) == len(expected)


def test_the_same_settings_change_nothing(phantoms: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in phantoms.rglob("*")}
    generate(phantoms, 40, 3, 96)
    assert {p: p.stat().st_mtime_ns for p in phantoms.rglob("*")} == before


def test_the_same_seed_gives_the_same_files(phantoms: Path, tmp_path: Path) -> None:
    generate(tmp_path / "again", 40, 3, 96)
    assert contents(tmp_path / "again") == contents(phantoms)


def test_other_settings_replace_a_phantom_set(tmp_path: Path) -> None:
    generate(tmp_path / "set", 16, 0, 32)
    generate(tmp_path / "set", 20, 1, 32)
    assert len(list((tmp_path / "set").glob("t*/*/*.jpeg"))) == 20
    assert [p.name for p in tmp_path.iterdir()] == ["set"]


def test_a_set_that_lost_films_is_made_again(tmp_path: Path) -> None:
    generate(tmp_path, 16, 0, 32)
    whole = contents(tmp_path)
    next(tmp_path.glob("train/*/*.jpeg")).unlink()
    generate(tmp_path, 16, 0, 32)
    assert contents(tmp_path) == whole


@pytest.mark.parametrize("kept", ["notes.txt", "train/NORMAL/film.jpeg", "phantom.json"])
def test_other_folders_are_left_alone(tmp_path: Path, kept: str) -> None:
    (tmp_path / kept).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / kept).write_text("mine")
    with pytest.raises(UsageError, match="holds other files"):
        generate(tmp_path, 16, 0, 32)
    assert contents(tmp_path) == {kept: b"mine"}


def test_own_files_in_a_phantom_set_are_kept(tmp_path: Path) -> None:
    generate(tmp_path, 16, 0, 32)
    (tmp_path / "thesis.docx").touch()
    with pytest.raises(UsageError, match="holds other files"):
        generate(tmp_path, 16, 1, 32)


@pytest.mark.parametrize("settings", [(5, 0, 64), (20, -1, 64), (20, 0, 8), (20, 0, 10**5)])
def test_settings_that_make_no_sense(tmp_path: Path, settings: tuple[int, int, int]) -> None:
    with pytest.raises(UsageError, match="phantoms"):
        generate(tmp_path / "set", *settings)
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="is a file"):
        generate(tmp_path / "file", 16, 0, 32)


def test_a_break_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full)
    with pytest.raises(RadistillError, match="disk is full"):
        generate(tmp_path / "set", 16, 0, 32)
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------- the task


def auc(positive: np.ndarray, negative: np.ndarray) -> float:
    """The probability that a positive scores higher (Mann and Whitney)."""
    return float((positive[:, None] > negative[None, :]).mean())


def test_brightness_and_contrast_do_not_give_the_disease_away() -> None:
    films = plan(240, 11)
    pixels = np.stack([film(f, 11, 64)[0] for f in films]).astype(float)
    sick = np.array([f.folder == "PNEUMONIA" for f in films])
    for name, score, limit in (
        ("mean", pixels.mean((1, 2)), 0.7),
        ("deviation", pixels.std((1, 2)), 0.7),
        ("dark share", (pixels < 40).mean((1, 2)), 0.7),
        # Opacities are bright, so this one may know a little.
        ("median", np.median(pixels, axis=(1, 2)), 0.75),
    ):
        area = auc(score[sick], score[~sick])
        assert 1 - limit < area < limit, f"{name}: {area:.3f}"


@pytest.mark.slow
def test_a_small_network_learns_the_task_but_not_perfectly() -> None:
    torch = pytest.importorskip("torch")
    from radistill.models import create

    films = plan(800, 0)
    made = [Image.fromarray(film(f, 0, 128)[0]) for f in films]
    x = torch.from_numpy(np.stack([np.asarray(m) for m in made])[:, None] / np.float32(255))
    y = torch.tensor([f.folder == "PNEUMONIA" for f in films]).long()
    test = np.array([f.split == "test" for f in films])
    torch.manual_seed(0)
    model, _ = create("baseline", classes=2, dropout=0.3, weights="random", input_size=128)
    optimizer = torch.optim.AdamW(model.parameters(), 3e-4)
    rng = np.random.default_rng(0)
    for _ in range(8):
        model.train()
        for batch in np.array_split(rng.permutation(np.flatnonzero(~test)), 20):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(x[batch]), y[batch]).backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        score = model(x[test]).softmax(1)[:, 1].numpy()
    sick = y[test].bool().numpy()
    area = auc(score[sick], score[~sick])
    assert 0.75 < area < 0.97, area
