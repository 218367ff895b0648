"""Does the same film at another size, or compressed once more, get the same answer?

    python benchmarks/stability.py BUNDLE --originals FOLDER --twins FOLDER [--films FOLDER]

originals: films at their full size. twins: the same films by name, anywhere below, at 224 x 224.
films: any others, such as the official test folder. Prints the differences of the probability
between original and twin, and between each and itself after one more JPEG generation at quality 75.
"""

from __future__ import annotations

import argparse
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from radistill.imaging import decode, to_square
from radistill.runtime import Bundle, film_paths


def again(film: np.ndarray) -> np.ndarray:
    """One more JPEG generation at quality 75."""
    file = BytesIO()
    Image.fromarray(film).save(file, "JPEG", quality=75)
    return decode(file.getvalue())


def probabilities(bundle: Bundle, films: list[np.ndarray]) -> np.ndarray:
    squares = np.stack([to_square(film, bundle.card.input_size) for film in films])
    return bundle.probabilities(squares)[:, bundle.card.positive_index]


def row(name: str, one: np.ndarray, two: np.ndarray) -> str:
    differences = np.abs(one - two)
    middle, high = np.percentile(differences, [50, 95])
    return f"| {name} | {len(one)} | {middle:.3f} | {high:.3f} | {differences.max():.3f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--originals", type=Path, required=True)
    parser.add_argument("--twins", type=Path, required=True)
    parser.add_argument("--films", type=Path)
    parser.add_argument("--precision", default="auto")
    options = parser.parse_args()
    bundle = Bundle.load(options.bundle, precision=options.precision)
    by_name = {path.name: path for path in options.twins.rglob("*") if path.is_file()}
    pairs = [
        (path, by_name[path.name])
        for path in sorted(options.originals.iterdir())
        if path.name in by_name
    ]
    originals = [decode(path) for path, _ in pairs]
    twins = [decode(path) for _, path in pairs]
    of_original, of_twin = probabilities(bundle, originals), probabilities(bundle, twins)
    print(f"{bundle.file} at {bundle.card.input_size} pixels; difference of the probability")
    print("| pair | films | median | 95th percentile | greatest |")
    print("|---|---|---|---|---|")
    print(row("original, twin", of_original, of_twin))
    recoded = probabilities(bundle, list(map(again, originals)))
    print(row("original, its JPEG 75", of_original, recoded))
    print(row("twin, its JPEG 75", of_twin, probabilities(bundle, list(map(again, twins)))))
    if options.films:
        films = [decode(path) for path in film_paths([str(options.films)])]
        before, after = (probabilities(bundle, kind) for kind in (films, list(map(again, films))))
        print(row("other film, its JPEG 75", before, after))


if __name__ == "__main__":
    main()
