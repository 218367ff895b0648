"""Making the films of a cohort and writing them, all or nothing."""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from radistill.data.sources.image_files import PHANTOM_MARK
from radistill.errors import UsageError
from radistill.files import replacing_folder, write_json
from radistill.phantoms.anatomy import Anatomy, Pose
from radistill.phantoms.cohort import SMALLEST, Planned, plan
from radistill.phantoms.disease import mask, opacity
from radistill.phantoms.film import Exposure, expose
from radistill.phantoms.project import project
from radistill.progress import each

VERSION = 3  # of the pictures: raised with every change that alters them
ENTRIES = {"train", "test", "masks", PHANTOM_MARK}


def film(
    planned: Planned, seed: int, size: int = 256
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """One film (size, size) uint8 and the mask of its opacities, the same on every call."""
    patient = np.random.default_rng([seed, 1, *planned.patient])
    anatomy = Anatomy.sample(patient)
    session = np.random.default_rng([seed, 2, *planned.patient, planned.film])
    pose = Pose.sample(session)
    chest = project(anatomy, pose, size)
    added = opacity(chest, pose.plane(size), planned.subtype, patient)
    pixels = expose(chest.attenuation + added, Exposure.sample(session), session)
    return pixels, mask(added)


def generate(out: Path, n: int, seed: int, size: int = 256) -> None:
    """Write `n` phantom films of `size` pixels a side into `out`, in the Kaggle folder layout.

    OUT/train|test/NORMAL|PNEUMONIA/*.jpeg, the true opacities as OUT/masks/<the same>.png and
    OUT/phantom.json, which marks the set as synthetic. The same settings give the same pixels;
    a set with the same settings is left alone, one with others is replaced.
    Raises UsageError if `out` holds anything else, or a setting makes no sense.
    """
    if n < SMALLEST or not 32 <= size <= 2048 or seed < 0:
        raise UsageError(f"phantoms: n at least {SMALLEST}, size 32 to 2048, seed 0 or more")
    marks = {
        "generator": "radistill phantom",
        "version": VERSION,
        "seed": seed,
        "n": n,
        "size": size,
    }
    if _exists(out, marks):
        return
    with replacing_folder(out) as work:
        _write_all(work, plan(n, seed), seed, size)
        write_json(work / PHANTOM_MARK, marks)


def _exists(out: Path, marks: dict[str, object]) -> bool:
    """Whether `out` holds this very set; UsageError if it holds something of the user's."""
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out}: is a file; name a new folder for the phantoms")
    names = {entry.name for entry in out.iterdir()} if out.exists() else set()
    if not names:
        return False
    try:
        have = json.loads((out / PHANTOM_MARK).read_text("utf-8"))
    except (OSError, ValueError):
        have = {}
    if not isinstance(have, dict) or have.get("generator") != marks["generator"] or names - ENTRIES:
        raise UsageError(f"{out}: holds other files; name a new or empty folder for the phantoms")
    films = sum(1 for split in ("train", "test") for _ in (out / split).glob("*/*.jpeg"))
    return have == marks and films == marks["n"]


def _write_all(root: Path, films: list[Planned], seed: int, size: int) -> None:
    for planned in films:
        for top in (root, root / "masks"):
            (top / planned.split / planned.folder).mkdir(parents=True, exist_ok=True)

    def write(planned: Planned) -> None:
        pixels, opaque = film(planned, seed, size)
        place = Path(planned.split, planned.folder, planned.stem)
        Image.fromarray(pixels).save(root / f"{place}.jpeg", quality=92)
        Image.fromarray(opaque.astype(np.uint8) * 255).save(root / "masks" / f"{place}.png")

    for _ in each(write, films, "phantoms"):
        pass
