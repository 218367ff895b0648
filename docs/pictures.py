"""The pictures of the documentation: `make pictures`, or `python docs/pictures.py report curve`.

They are of phantoms, of invented figures and of those in experiments/, so that nobody's chest is in
the documentation and anybody can take them again. Dates, times and the free space of a disk are set
to fixed ones: on one machine a second run changes no byte, and `git status` says which page has
changed. Needs Chromium and, for the node, Debian's packages orthanc and dcmtk.
"""

from __future__ import annotations

import base64
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import requests
from PIL import Image

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
# ruff: noqa: E402
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "experiments")]

from monitored_month import CHANGED, a_month
from tests.page.browser.page import Page, blank

from chromium import context, launched
from finished_run import build_run, thumbnail
from node_peers import Orthanc, RunningNode, as_picture, eventually, film, free_port, storescu
from radistill.adapt.monitor_page import write_page
from radistill.adapt.watch import watch
from radistill.archive import archive_page, summarise
from radistill.metrics.predictions import read_predictions
from radistill.phantoms import generate
from radistill.report import write_report
from radistill.report.curve_page import write_curve
from radistill.runtime import Predictor
from radistill.runtime.find_bundle import installed
from radistill.schema.label_curve import LabelCurve
from radistill.schema.record import read_record
from servers import serving

DESK, PHONE = {"width": 1120, "height": 1400}, {"width": 390, "height": 844}
PAPER = {"width": 703, "height": 1039}  # what A4 holds between the report's margins, at 96 dpi
A_DAY = date(2026, 1, 5)
# What differs from run to run on a page, and what the picture shows in its place.
FIXED = (
    (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?(\.\d+)?([+-]\d\d:\d\d|Z)?", "2026-01-05 08:00"),
    (r"\d+ MiB", "20000 MiB"),  # free on the disk
)


def save(name: str, picture: Image.Image) -> None:
    """As PNG of 256 colours, which takes a third of the bytes."""
    picture.convert("RGB").quantize(256).save(DOCS / f"{name}.png", optimize=True)


def shoot(tab: Any, name: str, *, whole: bool = False) -> None:
    """What the tab shows, or the whole page."""
    taken = DOCS / f"{name}.png"
    tab.screenshot(path=taken, full_page=whole, animations="disabled")
    save(name, Image.open(taken))


def page_pictures(browser: Any, html: Path, name: str, print_too: bool = False) -> None:
    """A page from a file, on a desk and on a phone, and as it prints."""
    tab = context(browser, viewport=DESK).new_page()
    tab.goto(html.as_uri())
    shoot(tab, f"{name}-desktop")
    tab.set_viewport_size(PHONE)
    shoot(tab, f"{name}-phone")
    if print_too:
        tab.set_viewport_size(PAPER)
        tab.emulate_media(media="print")
        shoot(tab, f"{name}-print", whole=True)
    tab.close()


def radistill(*arguments: object, accept: tuple[int, ...] = (0,)) -> None:
    command = [sys.executable, "-m", "radistill", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode not in accept:
        sys.exit(f"{' '.join(command)}: exit status {done.returncode}\n{done.stderr}")


def phantoms(browser: Any, scratch: Path) -> None:
    """Six of each kind."""
    generate(scratch / "films", 80, seed=0)
    kinds = (
        ("normal", "NORMAL/*"),
        ("bacteria: one lobar opacity", "PNEUMONIA/*bacteria*"),
        ("virus: many faint opacities on both sides", "PNEUMONIA/*virus*"),
    )
    html = "<body style='margin:0;font:15px sans-serif;width:1152px'>"
    for title, pattern in kinds:
        html += f"<div style='padding:3px'>{title}</div>"
        for path in sorted((scratch / "films/train").glob(pattern))[:12:2]:
            data = base64.b64encode(path.read_bytes()).decode()
            html += f"<img width=192 height=192 src='data:image/jpeg;base64,{data}'>"
    tab = context(browser, viewport={"width": 1152, "height": 660}).new_page()
    tab.set_content(html.replace("<img", "<img style='float:left'"))
    shoot(tab, "phantoms")
    tab.close()


def chosen(folder: Path) -> list[Path]:
    """A phantom that shows the map well first, then some of each answer."""
    generate(folder, 24, seed=0)
    paths = sorted(folder.glob("t*/*/*.jpeg"))
    results = dict(zip(paths, Predictor.load(installed()[0]).predict(paths), strict=True))
    positive = [path for path in paths if results[path].decision == "pneumonia"]
    normal = [path for path in paths if results[path].decision == "normal"]
    sick = [path for path in positive if "PNEUMONIA" in path.parts]
    return [*sick[:2], *normal[:2], *sick[2:4]]


def page(browser: Any, scratch: Path) -> None:
    """The page as `radistill serve` gives it."""
    films = chosen(scratch / "films")
    with serving(installed()[0]) as server:
        for name, options, extra in (
            ("page-desktop", {}, [blank()]),
            ("page-desktop-dark", {"color_scheme": "dark"}, [blank()]),
            ("page-phone", {"phone": True, "language": "fr-FR"}, []),
        ):
            opened = Page.open(browser, f"{server.url}/", device_scale_factor=1, **options)
            opened.add([*films, *extra] if extra else films[0])
            opened.drawn()
            shoot(opened.tab, name)
            opened.context.close()


def report(browser: Any, scratch: Path) -> None:
    """The report of a study, from made-up predictions."""
    comparison = build_run(scratch / "run", name="invented figures", synthetic=True)
    positive = comparison.dataset.positive
    predictions = {
        model.name: read_predictions(scratch / "run" / model.name / "predictions.csv", positive)
        for model in comparison.models
    }
    html = write_report(scratch / "run", comparison, predictions, thumbnail)
    page_pictures(browser, html, "report")


def curve(browser: Any, scratch: Path) -> None:
    """The page of the quick curve of examples/afternoon.py on the Kaggle films."""
    quick = read_record(LabelCurve, ROOT / "experiments/curve-quick/curve.json")
    page_pictures(browser, write_curve(scratch, quick), "curve")


def adapt(browser: Any, scratch: Path) -> None:
    """The report of adapting the shipped model to phantoms."""
    generate(scratch / "phantoms", 240, seed=0)
    found = ("--data", scratch / "phantoms", "--site", "phantoms", "--out", scratch / "adapted")
    radistill("adapt", "pneumonia-children", *found, accept=(0, 3))
    page_pictures(browser, scratch / "adapted-records/report.html", "adapt", print_too=True)


def monitor(browser: Any, scratch: Path) -> None:
    """A month of phantoms, from the third week on by another scanner."""
    generate(scratch / "phantoms", 400, seed=0)
    films = sorted((scratch / "phantoms").glob("t*/*/*.jpeg"))
    _, model, ledger = a_month(films, scratch, np.random.default_rng(0))
    html = write_page(scratch / "page", watch(ledger, model.card, baseline=CHANGED))
    page_pictures(browser, html, "monitor")


def archive(browser: Any, scratch: Path) -> None:
    """The summary of phantoms, some of them cut short or empty."""
    generate(scratch / "phantoms", 400, seed=0)
    for number, path in enumerate(sorted((scratch / "phantoms").glob("t*/*/*.jpeg"))[:30]):
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2] if number % 3 else b"")
    for split in ("train", "test"):
        (scratch / "phantoms" / split).rename(scratch / "phantoms" / f"films-{split}")
    source = str(scratch / "phantoms/films-*/**/*.jpeg")
    radistill("score", source, "--out", scratch / "out", "--sketch", accept=(0, 1))
    summary = summarise(str(scratch / "out"))
    summary = summary.model_copy(update={"decode_ms": 2.0, "model_ms": 1.0})
    html = archive_page.page(summary).replace(date.today().isoformat(), A_DAY.isoformat())
    (scratch / "summary.html").write_text(html, "utf-8")
    tab = context(browser, viewport={"width": 820, "height": 800}).new_page()
    tab.goto((scratch / "summary.html").as_uri())
    shoot(tab, "archive-summary", whole=True)
    tab.close()


def node(browser: Any, scratch: Path) -> None:
    """What the node answers about a phantom in a real Orthanc, and its status page."""
    generate(scratch / "data", 16, seed=0)
    drawn = sorted((scratch / "data/train/PNEUMONIA").glob("*.jpeg"))[0]
    pixels = np.asarray(Image.open(drawn).convert("L").resize((900, 900))).astype(np.uint16) * 16
    with Orthanc(scratch / "orthanc", port := free_port()) as orthanc:
        target = {"name": "pacs", "kind": "dicom", "ae_title": "ORTHANC", "host": "127.0.0.1"}
        targets = [{**target, "port": orthanc.dicom}]
        with RunningNode(scratch / "node", port, targets=targets) as running:
            path = scratch / "film.dcm"
            path.write_bytes(film(pixels=pixels, PatientName="Phantom^One"))
            storescu(port, path)
            eventually(lambda: len(list(orthanc.instances())) == 2)
            for one in orthanc.instances():
                one.save_as(scratch / f"{one.Modality}.dcm")
            save("node-capture", Image.fromarray(as_picture(scratch / "OT.dcm")))
            html = scratch / "report.html"
            subprocess.run(["dsr2html", str(scratch / "SR.dcm"), str(html)], check=True)
            status = requests.get(f"http://127.0.0.1:{running.status}/", timeout=30).text
            tab = context(browser, viewport={"width": 900, "height": 700}).new_page()
            for text, name in ((html.read_text("latin-1"), "node-report"), (status, "node-status")):
                for pattern, fixed in FIXED:
                    text = re.sub(pattern, fixed, text)
                tab.set_content(text.replace("http-equiv=refresh", ""))
                shoot(tab, name, whole=True)
            tab.close()


def icons(browser: Any, scratch: Path) -> None:
    """The page's icons, from icon.svg. A mask cuts off the rim of a maskable one."""
    folder = ROOT / "src/radistill/page/web/icons"
    drawing = base64.b64encode((folder / "icon.svg").read_bytes()).decode()
    for name, side, share, ground in (
        ("icon-180", 180, 1.0, "#0b5f5b"),
        ("icon-192", 192, 1.0, "none"),
        ("icon-512", 512, 1.0, "none"),
        ("icon-maskable-512", 512, 0.75, "#0b5f5b"),
    ):
        tab = context(browser, viewport={"width": side, "height": side}).new_page()
        tab.set_content(
            f'<body style="margin:0;height:100vh;display:grid;place-items:center;'
            f'background:{ground}">'
            f'<img width="{side * share}" src="data:image/svg+xml;base64,{drawing}">'
        )
        tab.screenshot(path=folder / f"{name}.png", omit_background=True)
        tab.close()


PICTURES: tuple[Callable[[Any, Path], None], ...] = (
    *(icons, phantoms, page, report, curve),
    *(adapt, monitor, archive, node),
)


def main(names: list[str]) -> None:
    known = {one.__name__: one for one in PICTURES}
    if unknown := set(names) - set(known):
        sys.exit(f"no picture {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    for name in names or known:
        with launched() as browser, tempfile.TemporaryDirectory() as scratch:
            known[name](browser, Path(scratch))
        print(name)


if __name__ == "__main__":
    main(sys.argv[1:])
