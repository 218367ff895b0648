"""`radistill page`: the folder it writes, and the page that a browser makes of it."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import static_page
from bad_files import image
from chromium import context as new_context
from chromium import launched, need_npm_parts, until
from radistill.cli import main
from radistill.errors import RadistillError, UsageError
from radistill.page import npm_parts, static_site

FILM = np.random.default_rng(0).normal(120, 40, (64, 48)).clip(0, 255).astype(np.uint8)
WAITING = "navigator.serviceWorker.getRegistration().then((one) => !!one.waiting)"
FIRST_LOAD = 6e6  # bytes, compressed


def command(*arguments: object) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["radistill", "page", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            main()
    return int(stop.value.code or 0)


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().err


def opened(tab: Any, url: str) -> None:
    tab.goto(url)
    tab.wait_for_selector("body[data-state=empty]")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    need_npm_parts()
    out = tmp_path_factory.mktemp("static") / "page"
    static_site.write_page(out)
    return out


@pytest.fixture(scope="module")
def chrome() -> Iterator[Any]:
    with launched() as browser:
        yield browser


@pytest.fixture
def page(chrome: Any, folder: Path) -> Iterator[tuple[Any, str]]:
    """A fresh browser context at a file of the page without scripts, and the page's address."""
    context = new_context(chrome)
    with static_page.served(folder) as url:
        yield static_page.bare(context.new_page(), url), url
        context.close()


# The folder.


def test_a_folder_of_other_files_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    assert command(tmp_path) == 2
    assert "holds other files" in said(capsys)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_file_is_no_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "out").write_text("")
    assert command(tmp_path / "out") == 2
    assert "is no folder" in said(capsys)


def test_missing_parts_are_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(npm_parts, "FOLDER", tmp_path / "vendor")
    assert command(tmp_path / "out") == 2
    assert npm_parts.COMMAND in said(capsys)
    assert not (tmp_path / "out").exists()


def test_a_damaged_bundle_is_said(
    tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bundle").mkdir()
    assert command(tmp_path / "out", "--bundle", tmp_path / "bundle") == 2
    assert "no bundle" in said(capsys)
    assert not (tmp_path / "out").exists()


def test_an_older_page_is_replaced_whole_or_not_at_all(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "page"
    out.mkdir()
    (out / "config.json").write_text('{"engine": "browser"}')
    (out / "sw.js").write_text("older")
    monkeypatch.setattr(
        static_site, "list_files", lambda _: (_ for _ in ()).throw(OSError(28, "full"))
    )
    with pytest.raises(RadistillError, match="disk is full"):
        static_site.write_page(out)
    assert (out / "sw.js").read_text() == "older"
    assert [path.name for path in tmp_path.iterdir()] == ["page"]
    monkeypatch.undo()
    assert static_site.write_page(out) < FIRST_LOAD
    assert (out / "sw.js").read_text() != "older"
    assert [path.name for path in tmp_path.iterdir()] == ["page"]


def test_the_service_worker_lists_every_file(folder: Path) -> None:
    found = re.search(r"const FILES = (\{.*?\});", (folder / "sw.js").read_text("utf-8"))
    assert found
    listed = json.loads(found[1])
    assert {*listed, "sw.js"} == {
        path.relative_to(folder).as_posix() for path in static_site.files_of(folder)
    }
    assert "engine/server.js" not in listed
    assert (
        sum(static_site.packed_size((folder / name).read_bytes()) for name in listed) < FIRST_LOAD
    )


def test_names_no_machine_and_no_registry(folder: Path) -> None:
    for path in static_site.files_of(folder):
        if "vendor" not in path.parts and path.suffix in (".js", ".json", ".html", ".css"):
            text = path.read_text("utf-8")
            assert str(Path.home()) not in text
            assert "https://" not in text or path.name in ("bundle.json", "index.html"), path


# The page.


def test_sends_nothing_but_requests_for_its_own_files(
    chrome: Any, folder: Path, tmp_path: Path
) -> None:
    """With everything else cut off, it works, and nothing was cut off."""
    context = new_context(chrome)
    asked: list[str] = []
    with static_page.served(folder) as url:

        def gate(route: Any) -> None:
            request = route.request
            asked.append(f"{request.method} {request.url}")
            own = request.url.startswith(url) or request.url.startswith(("blob:", "data:"))
            route.continue_() if own else route.abort()

        context.route("**/*", gate)
        page = context.new_page()
        opened(page, url)
        film = tmp_path / "film.png"
        film.write_bytes(image("PNG", FILM))
        page.set_input_files("#choose", film)
        page.wait_for_selector("#verdict:not([hidden])")
        page.wait_for_load_state("networkidle")
        context.close()
        names = {entry.removeprefix(f"GET {url}") for entry in asked if "blob:" not in entry}
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*")} | {""}
    assert names <= files, names - files


def test_works_without_a_network_after_the_first_load(page: tuple[Any, str]) -> None:
    tab, url = page
    before = static_page.predict(tab, {"film": image("PNG", FILM)})[0]
    tab.evaluate("navigator.serviceWorker.ready")
    tab.context.set_offline(True)
    opened(tab, url)
    kinds = {"film": image("PNG", FILM), "tiff": image("TIFF", FILM), "jpeg": image("JPEG", FILM)}
    after = static_page.predict(tab, kinds)
    assert after[0]["probability"] == before["probability"]
    assert not [record for record in after if "error" in record]


def test_is_isolated_once_the_service_worker_serves_it_and_may_use_threads(
    page: tuple[Any, str],
) -> None:
    tab, url = page
    alone = static_page.predict(tab, {"film": image("PNG", FILM)})[0]
    tab.evaluate("navigator.serviceWorker.ready.then(() => true)")
    assert tab.evaluate("crossOriginIsolated") is False
    opened(tab, url)
    assert tab.evaluate("crossOriginIsolated") is True
    together = static_page.predict(tab, {"film": image("PNG", FILM)}, threads=2)[0]
    assert together["probability"] == pytest.approx(alone["probability"], abs=1e-5)


def test_a_new_version_takes_over_and_the_old_one_is_forgotten(
    chrome: Any, folder: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "page"
    shutil.copytree(folder, copy)
    context = new_context(chrome)
    with static_page.served(copy) as url:
        tab = context.new_page()
        opened(tab, url)
        tab.evaluate("navigator.serviceWorker.ready")
        index = copy / "index.html"
        index.write_text(index.read_text("utf-8").replace("<body", "<body data-new", 1), "utf-8")
        (copy / "sw.js").write_text((static_site.WEB / "sw.js").read_text("utf-8"), "utf-8")
        static_site.list_files(copy)
        tab.evaluate("navigator.serviceWorker.getRegistration().then((one) => one.update())")
        until(tab, lambda: tab.evaluate(WAITING))
        assert tab.evaluate("'new' in document.body.dataset") is False
        tab.goto(url)
        tab.wait_for_selector("body[data-new]")
        until(tab, lambda: tab.evaluate("caches.keys().then((names) => names.length === 1)"))
        context.close()


def test_a_film_that_hangs_or_ends_the_engine_takes_no_other_with_it(
    page: tuple[Any, str],
) -> None:
    tab, _ = page
    spoiled = {
        "png.js": "export const readPng = () => { for (;;) {} };",
        "tiff.js": "export const readTiff = () => { throw new WebAssembly.RuntimeError('no') };",
    }
    tab.context.route(
        re.compile(r"/engine/(png|tiff)\.js$"),
        lambda route: route.fulfill(
            content_type="text/javascript", body=spoiled[route.request.url.rsplit("/")[-1]]
        ),
    )
    files = {
        "good.jpeg": image("JPEG", FILM),
        "hangs.png": image("PNG", FILM),
        "good again.jpeg": image("JPEG", FILM),
        "breaks.tiff": image("TIFF", FILM),
        "and again.jpeg": image("JPEG", FILM),
    }
    records = static_page.predict(tab, files, seconds=20)  # each; the first loads the decoder
    codes = [record.get("error", {}).get("code") for record in records]
    assert codes == [None, "timeout", None, "unreadable", None]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ("WebAssembly.validate = () => false", "no WebAssembly SIMD"),
        ("", "its sha256 is not the one in the card"),
    ],
)
def test_what_does_not_open_is_said(page: tuple[Any, str], spoil: str, said: str) -> None:
    tab, url = page
    tab.add_init_script(spoil)
    if not spoil:
        tab.context.route("**/model/*", lambda route: route.fulfill(body=b"damaged"))
    tab.goto(url)
    tab.wait_for_selector("#failed:not([hidden])")
    assert said in tab.inner_text("#failed")


def test_hashes_where_the_browser_gives_none(page: tuple[Any, str]) -> None:
    """Plain http in a network has no crypto.subtle."""
    import hashlib

    tab, _ = page
    for size in (0, 1, 55, 56, 63, 64, 65, 1000):
        content = bytes(i * 7 % 256 for i in range(size))
        code = f"""import("./engine/sha256.js").then(({{ plain }}) =>
            plain(Uint8Array.from({{ length: {size} }}, (_, i) => (i * 7) % 256)))"""
        assert tab.evaluate(code) == hashlib.sha256(content).hexdigest()


def test_the_list_of_packages_is_exact() -> None:
    packages = json.loads(npm_parts.LIST.read_text("utf-8"))["packages"]
    for package in packages:
        assert re.fullmatch(r"\d+\.\d+\.\d+", package["version"])
        assert package["integrity"].startswith("sha512-")
        assert package["licence"]
        assert all(re.fullmatch(r"[0-9a-f]{64}", file["sha256"]) for file in package["files"])


def test_a_package_that_is_not_the_listed_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An npm that brings another archive stands in for the real one."""
    npm = tmp_path / "npm"
    npm.write_text(
        '#!/bin/sh\nwhile [ "$1" != --pack-destination ]; do shift; done\n: > "$2/a.tgz"\n'
    )
    npm.chmod(0o755)
    monkeypatch.setattr(npm_parts, "FOLDER", tmp_path / "web" / "vendor")
    monkeypatch.setattr(npm_parts.shutil, "which", lambda _: str(npm))
    with pytest.raises(npm_parts.VendorError, match="another archive"):
        npm_parts.fetch()
    assert not (tmp_path / "web" / "vendor").exists()


def test_no_npm_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(npm_parts.shutil, "which", lambda _: None)
    with pytest.raises(npm_parts.VendorError, match=r"npm is not installed"):
        npm_parts.fetch()


def test_an_empty_folder_is_welcome(tmp_path: Path) -> None:
    static_site.check_target(tmp_path)
    with pytest.raises(UsageError):
        static_site.check_target(Path(__file__))
