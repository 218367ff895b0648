"""The static page in headless Chromium: what it loads, how long a film takes, and how far it is
from Python.

    python benchmarks/page.py FILMS... [--most 100] [--seed 0] [--bundle RUN/bundle]

FILMS are files and folders; of each folder, `--most` films drawn with the seed. The page is written
anew, served as `python -m http.server` does, and opened; each film goes through it once, heat map
included, then through `radistill.Predictor`. Needs the `dev` extra and Chromium.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import psutil

import static_page
from chromium import launched
from radistill.page import static_site
from radistill.runtime import Predictor

OPEN = """async () => {
  const start = performance.now();
  const { open } = await import(new URL("engine/local.js", location.href));
  window.engine = await open(await (await fetch("config.json")).json());
  return [performance.now() - start, crossOriginIsolated];
}"""


def chosen(places: list[Path], most: int, seed: int) -> list[Path]:
    films: list[Path] = []
    for place in places:
        found = [place] if place.is_file() else sorted(p for p in place.rglob("*") if p.is_file())
        films += random.Random(seed).sample(found, min(most, len(found)))
    return films


def sizes(folder: Path) -> None:
    """What a browser loads at first, by part, gzip counted."""
    parts: Counter[str] = Counter()
    for path in static_site.files_of(folder):
        name = path.relative_to(folder).as_posix()
        part = name if name.startswith(("vendor/", "model/")) else name.split("/")[0]
        parts[part] += static_site.packed_size(path.read_bytes())
    print("| part | kB, gzip |\n|---|---|")
    for part, size in parts.most_common(6):
        print(f"| {part} | {size / 1e3:.0f} |")
    print(f"| the rest | {(parts.total() - sum(s for _, s in parts.most_common(6))) / 1e3:.0f} |")
    print(f"| **all** | **{parts.total() / 1e3:.0f}** |\n")


def cpu() -> float:
    """Seconds of processor time that the browser has used, its helpers included."""
    spent = 0.0
    for process in psutil.Process().children(recursive=True):
        try:
            times = process.cpu_times()
            spent += times.user + times.system if "chrom" in process.name() else 0
        except psutil.NoSuchProcess:
            continue
    return spent


def percentile(times: list[float], share: float) -> float:
    return sorted(times)[min(len(times) - 1, round(share * len(times)))]


def timings(name: str, records: list[dict[str, Any]], key: str = "wall") -> None:
    times = [record[key] for record in records if "error" not in record]
    if times:
        row = [statistics.median(times), percentile(times, 0.95), min(times)]
        print(f"| {name} | {len(times)} | " + " | ".join(f"{ms:.0f}" for ms in row) + " |")


def compare(pages: list[dict[str, Any]], films: list[Path], predictor: Predictor) -> None:
    differences, same = [], 0
    for page, result in zip(pages, predictor.predict(films, workers=1), strict=True):
        python = result.record()
        if "error" in python or "error" in page:
            codes = [one.get("error", {}).get("code") for one in (page, python)]
            print(f"{page['path']}: page {codes[0]}, Python {codes[1]}")
            continue
        same += all(page[key] == python[key] for key in ("label", "decision", "reasons"))
        differences.append(abs(page["probability"] - python["probability"]))
    print("\n| films | same decision and reasons | greatest difference | mean | above 0.0001 |")
    print("|---|---|---|---|---|")
    print(
        f"| {len(differences)} | {same} | {max(differences):.6f} | "
        f"{statistics.mean(differences):.6f} | {sum(d > 1e-4 for d in differences)} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("films", type=Path, nargs="+")
    parser.add_argument("--most", type=int, default=100, help="films of a folder")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--bundle", type=Path)
    options = parser.parse_args()
    films = chosen(options.films, options.most, options.seed)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {len(films)} films\n")
    scratch = Path(tempfile.mkdtemp())
    static_site.write_page(scratch / "page", options.bundle)
    sizes(scratch / "page")
    with launched() as chrome, static_page.served(scratch / "page") as url:
        tab = static_page.bare(chrome.new_page(), url)
        ready, isolated = tab.evaluate(OPEN)
        print(f"ready after {ready:.0f} ms, isolated: {isolated}\n")
        records, used = [], []
        for film in films:
            before = cpu()
            records += static_page.predict(tab, {film.name: film.read_bytes()})
            used.append(1000 * (cpu() - before))
        print("| ms a film, heat map included | films | median | 95 % | least |")
        print("|---|---|---|---|---|")
        kinds = {film.suffix.lower().lstrip(".") or "none" for film in films}
        for kind in sorted(kinds):
            some = [r for r, f in zip(records, films, strict=True) if f.suffix.lower()[1:] == kind]
            timings(kind, some)
        timings("of these: resize, network, judgement", records, "ms")
        timings("processor time", [{"cpu": ms} for ms in used], "cpu")
        print(f"\nload at the end {os.getloadavg()[0]:.1f}")
    compare(records, films, Predictor.load(options.bundle))
    shutil.rmtree(scratch)


if __name__ == "__main__":
    main()
