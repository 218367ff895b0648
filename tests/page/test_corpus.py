"""The page without a server against Python on odd files that installed packages carry.

Pillow's and PngSuite's own are taken where `RADISTILL_CORPUS` names a folder of them: Pillow's are
in its source archive (`Tests/images`).
"""

import base64
import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import static_page
from chromium import context as new_context
from chromium import launched, need_npm_parts
from radistill.imaging import DecodeError, Limits, read_picture
from radistill.imaging.read import format_of
from radistill.page import static_site

LIMITS = Limits(max_bytes=16 * 2**20, max_pixels=8 * 10**6)
PIXELS = """async ([content, most]) => {
  const { readPicture } = await import(new URL("engine/decode.js", location.href));
  const { Limits, Refusal } = await import(new URL("engine/refusal.js", location.href));
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const limits = new Limits();
  Object.assign(limits, most);
  try {
    const { grey, width, height, tags } = await readPicture(bytes, limits);
    const flat = new Uint8Array(grey.buffer, grey.byteOffset, grey.byteLength);
    let text = "";
    for (let i = 0; i < flat.length; i += 8192) {
      text += String.fromCharCode(...flat.subarray(i, i + 8192));
    }
    return { width, height, tags, deep: grey instanceof Uint16Array, grey: btoa(text) };
  } catch (error) {
    return { code: error.code ?? String(error), reason: error.message };
  }
}"""


def corpora() -> dict[str, Path]:
    folders = {}
    for package, inner in (
        ("pydicom", "data/test_files"),
        ("data_store", "data"),
        ("skimage", "data"),
    ):
        spec = importlib.util.find_spec(package)
        if spec is not None and spec.submodule_search_locations:
            folders[package] = Path(spec.submodule_search_locations[0], inner)
    if given := os.environ.get("RADISTILL_CORPUS"):
        folders["given"] = Path(given)
    return folders


def pictures(folder: Path) -> list[Path]:
    """Files that begin as one that is read."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return [path for path in files if format_of(path.open("rb").read(512))]


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A browser at the static page, with the bundle that ships."""
    need_npm_parts()
    out = tmp_path_factory.mktemp("corpus") / "page"
    static_site.write_page(out)
    with launched() as chrome, static_page.served(out) as url:
        yield static_page.bare(new_context(chrome).new_page(), url)


def difference(tab: Any, content: bytes) -> str:
    """What differs between the page and Python; empty if nothing does, or both refuse."""
    most = {"maxBytes": LIMITS.max_bytes, "maxPixels": LIMITS.max_pixels}
    got = tab.evaluate(PIXELS, [base64.b64encode(content).decode(), most])
    try:
        wanted = read_picture(content, LIMITS)
    except DecodeError as error:
        return (
            "" if "code" in got else f"Python refuses ({error.code}: {error.reason}), not the page"
        )
    if "code" in got:
        return f"the page refuses ({got['code']}: {got['reason']}), not Python"
    grey = np.frombuffer(base64.b64decode(got["grey"]), np.uint16 if got["deep"] else np.uint8)
    shape = (got["height"], got["width"])
    if grey.dtype != wanted.grey.dtype or shape != wanted.grey.shape:
        return f"{shape} {grey.dtype}, not {wanted.grey.shape} {wanted.grey.dtype}"
    if got["tags"] != dict(wanted.tags):
        return f"{got['tags']}, not {dict(wanted.tags)}"
    apart = np.abs(grey.reshape(wanted.grey.shape).astype(int) - wanted.grey)
    # A level is rounding: of colours of five bits, of ink, of transparency. Python takes a colour
    # JPEG's luma as it lies, the page from red, green and blue, which end where luma does not.
    jpeg = content.startswith(b"\xff\xd8") or b"\xff\xd8\xff" in content[: 2**16]
    most, mean = (20, 0.6 if apart.size > 64 else 5) if jpeg else (1, 0.5)
    if apart.max(initial=0) > most or apart.mean() > mean:
        return f"greys apart by up to {apart.max()}, {apart.mean():.3f} on average"
    return ""


@pytest.mark.parametrize("name", corpora())
def test_the_page_answers_as_python_does_or_both_refuse(tab: Any, name: str) -> None:
    files = pictures(corpora()[name])
    assert files
    differing = {str(path): difference(tab, path.read_bytes()) for path in files}
    differing = {path: text for path, text in differing.items() if text}
    print(f"{name}: {len(differing)} of {len(files)} answered otherwise")
    assert not differing, "\n".join(f"{path}: {text}" for path, text in differing.items())
