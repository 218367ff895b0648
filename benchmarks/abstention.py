"""How often does a bundle abstain: on films, and on what is none?

    python benchmarks/abstention.py BUNDLE --films FOLDER [--others FOLDER]

films: chest films that should be answered (the official test folder). The others are photographs,
documents, other body parts, CT, MR and ultrasound that installed packages carry (scikit-image,
scikit-learn, matplotlib, pydicom, pydicom-data), which no limit was fitted to, with quarters of the
larger ones as pictures of their own; and what stands below --others. Films turned, inverted and
halved are made from `films`.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from itertools import chain
from pathlib import Path

import numpy as np
from statsmodels.stats.proportion import proportion_confint

from radistill.export.ood_statistics import cut
from radistill.imaging import DecodeError, decode, to_square
from radistill.runtime import Bundle, film_paths
from radistill.runtime.decision import picture_reasons

SHIPPED = {
    "photographs and documents": [
        ("skimage", "data"),
        ("sklearn", "datasets/images"),
        ("matplotlib", "mpl-data/sample_data"),
    ],
    "DICOM of other kinds": [("pydicom", "data/test_files"), ("data_store", "")],
}
CHEST = "RG1_"  # adult chest films among pydicom-data's
CROPPED_FROM = 300  # pixels


def reasons_of(
    bundle: Bundle, squares: np.ndarray, shapes: list[tuple[int, ...]]
) -> list[list[str]]:
    squares = np.ascontiguousarray(squares)
    return picture_reasons(bundle.card, squares, shapes, bundle.run(squares).embedding)


def row(name: str, reasons: list[list[str]]) -> str:
    count = sum(bool(one) for one in reasons)
    low, high = proportion_confint(count, len(reasons), method="wilson")
    why = ", ".join(f"{r} {n}" for r, n in Counter(chain.from_iterable(reasons)).most_common())
    share = f"{count / len(reasons):.3f} ({low:.3f} to {high:.3f})"
    return f"| {name} | {len(reasons)} | {share} | {why} |"


def pictures(folders: Iterable[Path]) -> Iterator[np.ndarray]:
    """Every picture once, whole and, where large, in quarters."""
    seen = set()
    for path in film_paths(map(str, folders)):
        film = _any_picture(path)
        if film is None or path.name.startswith(CHEST):
            continue
        thumbnail = to_square(film, 16).tobytes()
        if thumbnail in seen or min(film.shape) < 64 or np.ptp(film) < 10:
            continue
        seen.add(thumbnail)
        yield film
        if min(film.shape) >= CROPPED_FROM and path.suffix != ".dcm":
            y, x = film.shape[0] // 2, film.shape[1] // 2
            yield from (film[:y, :x], film[:y, x:], film[y:, :x], film[y:, x:])


def _any_picture(path: Path) -> np.ndarray | None:
    """What an image or DICOM file shows, also DICOM that `decode` refuses by its modality."""
    try:
        return decode(path)
    except DecodeError:
        return _any_dicom(path)


def _any_dicom(path: Path) -> np.ndarray | None:
    import pydicom

    try:
        dataset = pydicom.dcmread(path)
        pixels = dataset.pixel_array.astype(float)
    except Exception:  # many of pydicom's files are broken on purpose
        return None
    if dataset.get("SamplesPerPixel", 1) == 3:
        pixels = pixels.mean(axis=-1)
    if pixels.ndim == 3:
        pixels = pixels[len(pixels) // 2]
    low, high = np.percentile(pixels, [0.5, 99.5])
    if high <= low:
        return None
    return (255 * np.clip((pixels - low) / (high - low), 0, 1)).astype(np.uint8)


def _shipped(places: list[tuple[str, str]]) -> list[Path]:
    specs = [(find_spec(package), below) for package, below in places]
    return [Path(spec.origin).parent / below for spec, below in specs if spec and spec.origin]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--films", type=Path, required=True)
    parser.add_argument("--others", type=Path, nargs="*", default=[])
    parser.add_argument("--precision", default="auto")
    options = parser.parse_args()
    bundle = Bundle.load(options.bundle, precision=options.precision)
    side = bundle.card.input_size
    films = [decode(path) for path in film_paths([str(options.films)])]
    shapes = [film.shape for film in films]
    squares = np.stack([to_square(film, side) for film in films])
    print("| pictures | number | abstained (95 % interval) | reasons |\n|---|---|---|---|")
    print(row("films", reasons_of(bundle, squares, shapes)))
    changed = {
        "inverted": 255 - squares,
        "rotated left": np.rot90(squares, 1, (1, 2)),
        "rotated right": np.rot90(squares, 3, (1, 2)),
        "upside down": np.rot90(squares, 2, (1, 2)),
        "half missing": cut(squares, seed=7),
    }
    for name, views in changed.items():
        print(row(f"films, {name}", reasons_of(bundle, views, shapes)))
    places = {name: _shipped(packages) for name, packages in SHIPPED.items()}
    if options.others:
        places["others"] = options.others
    for name, folders in places.items():
        shown = list(pictures(folders))
        views = np.stack([to_square(np.ascontiguousarray(film), side) for film in shown])
        print(row(name, reasons_of(bundle, views, [film.shape for film in shown])))


if __name__ == "__main__":
    main()
