"""What a release ships: the files of wheel and sdist, and the licences of what others made."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from radistill.page import npm_parts

from .absent import absent

ROOT = Path(__file__).resolve().parents[1]
THIRD_PARTY = (ROOT / "THIRD_PARTY.md").read_text("utf-8")
TEXTS = (ROOT / "src/radistill/page/web/engine/third-party.LICENSE").read_text("utf-8")
WRITTEN_FOR_TESTS = {"tests/text/probe_sentences.csv"}
LARGEST = 12e6  # bytes of a wheel or an sdist
# A film, a table of films, a pickled model, a key: none of them has a place in a release.
UNWANTED = re.compile(r"\.(dcm|jpe?g|tiff?|npz?|npy|csv|parquet|pth?|safetensors|pkl|pem|key)$")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Names of the files in `wheel` and `sdist`, the latter without its folder."""
    if npm_parts.missing():
        absent(f"the page's parts from npm are missing: {npm_parts.COMMAND}")
    out = tmp_path_factory.mktemp("release")
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    (wheel,), (sdist,) = out.glob("*.whl"), out.glob("*.tar.gz")
    assert max(wheel.stat().st_size, sdist.stat().st_size) < LARGEST
    with zipfile.ZipFile(wheel) as archive, tarfile.open(sdist) as source:
        return {
            "wheel": set(archive.namelist()),
            "sdist": {name.split("/", 1)[1] for name in source.getnames()},
        }


def in_the_clone(*folders: str) -> set[str]:
    """Files that git knows, or would take in."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *folders]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    if done.returncode:
        pytest.skip("not a clone of the repository")
    return {name for name in done.stdout.split("\0") if name and (ROOT / name).exists()}


def vendored() -> set[str]:
    return {
        npm_parts.STAMP,
        *(file["to"] for package in npm_parts.packages() for file in package.files),
    }


def test_the_wheel_has_the_package_and_nothing_else(built: dict[str, set[str]]) -> None:
    package = {name for name in built["wheel"] if ".dist-info/" not in name}
    wanted = {name.removeprefix("src/") for name in in_the_clone("src/radistill")}
    wanted |= {f"radistill/page/web/vendor/{name}" for name in vendored()}
    assert package == wanted
    about = {name.split(".dist-info/")[1] for name in built["wheel"] - package}
    assert {"licenses/LICENSE", "licenses/THIRD_PARTY.md", "entry_points.txt"} <= about


def test_the_wheel_has_models_presets_templates_and_texts(built: dict[str, set[str]]) -> None:
    names = built["wheel"]
    for model in ("pneumonia-children", "pneumonia-children-tiny"):
        for file in ("card.json", "README.md", "model.onnx", "model.int8.onnx"):
            assert f"radistill/bundles/{model}/{file}" in names
    for file in (
        *("py.typed", "presets/few-labels.yaml", "report/templates/report.html"),
        *("node/node.yaml", "text/labeller/builtin.json", "page/web/locales/sw.json"),
        *("page/web/engine/third-party.LICENSE", "page/web/vendor/ort.wasm.gz"),
    ):
        assert f"radistill/{file}" in names


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_no_data_and_no_packages_of_others_are_in_it(built: dict[str, set[str]], kind: str) -> None:
    names = built[kind] - WRITTEN_FOR_TESTS
    assert [name for name in names if UNWANTED.search(name)] == []
    strange = {"node_modules", ".venv", "__pycache__", "demo", "runs", "build", "shared", ".git"}
    assert [name for name in names if strange & set(name.split("/"))] == []
    assert kind == "sdist" or not [name for name in names if name.startswith("tests/")]


def test_from_the_sdist_all_can_be_made_again(built: dict[str, set[str]]) -> None:
    folders = in_the_clone("src", "tests", "docs", "examples")
    assert folders <= built["sdist"]
    assert {f"src/radistill/page/web/vendor/{name}" for name in vendored()} <= built["sdist"]
    readme = (ROOT / "README.md").read_text("utf-8")
    linked = {link.split("#")[0] for link in re.findall(r"\]\(([^):]+)\)", readme)}
    beside = {"Makefile", "constraints.txt", "pyproject.toml", "hatch_build.py", "LICENSE"}
    assert beside | linked <= built["sdist"]


def rows() -> dict[str, list[str]]:
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in THIRD_PARTY.splitlines()
        if line.startswith("|")
    ]
    return {row[0]: row[1:] for row in cells[2:]}


def licences(text: str) -> set[str]:
    return set(re.findall(r"MIT|ISC|IJG|Zlib|BSD-\d-Clause|Apache-2\.0|MPL-2\.0|CC0-1\.0", text))


@pytest.mark.parametrize("package", npm_parts.packages(), ids=lambda package: package.name)
def test_the_licence_of_every_package_is_named_and_there(package: npm_parts.Package) -> None:
    """As the list of packages has it, and a licence file in the package is the one named."""
    version, licence, inside = rows()[package.name]
    assert version == package.version
    assert licences(package.licence) <= licences(f"{licence} {inside}")
    assert package.licence.startswith(licence)
    (start,) = [match.start() for match in re.finditer(rf"^  {package.name}\b", TEXTS, re.M)]
    entry = TEXTS[start:].split("\n\n")[0]
    assert licence in entry
    scripts = {Path(file["to"]).name for file in package.files if file["to"].endswith(".js")}
    listed = TEXTS[:start].rsplit("\n\n", 1)[1]
    assert all(f"vendor/{script}" in listed for script in scripts)
    for part in re.findall(r"[\w@/-]+(?=[,:])", re.sub(r"[\w.-]+-Clause|-[\d.]+", "", inside)):
        if part not in licences(inside):
            assert part.lower() in entry.lower(), part


def test_every_licence_that_is_named_has_its_text() -> None:
    """The words that each of them is known by, under its own heading."""
    sections = dict(re.findall(r"^Licence (\S+)\n=+\n(.*?)(?=^Licence |\Z)", TEXTS, re.M | re.S))
    assert set(sections) == licences(THIRD_PARTY) == licences(TEXTS)
    known = {
        "MIT": ("Permission is hereby granted, free of charge", "OTHER DEALINGS IN THE SOFTWARE"),
        "ISC": ("Permission to use, copy, modify, and/or distribute", "PERFORMANCE OF THIS"),
        "BSD-3-Clause": ("3. Neither the name", "POSSIBILITY OF SUCH DAMAGE"),
        "BSD-2-Clause": ("2. Redistributions in binary form", "POSSIBILITY OF SUCH DAMAGE"),
        "Zlib": ("provided 'as-is'", "This notice may not be removed"),
        "IJG": ("The authors make NO WARRANTY", "liability claims are assumed by the product"),
        "Apache-2.0": ("Grant of Patent License", "END OF TERMS AND CONDITIONS"),
        "MPL-2.0": ("Covered Software", "Incompatible With Secondary Licenses"),
        "CC0-1.0": ("CREATIVE COMMONS CORPORATION", "Affirmer"),
    }
    for name, words in known.items():
        flat = " ".join(sections[name].split())
        assert [word for word in words if word not in flat] == [], name
    assert "based in part on the work of the Independent JPEG Group" in " ".join(TEXTS.split())


def test_every_file_of_others_is_listed() -> None:
    """Each script and module in `vendor` stands in the list that the page carries."""
    shipped = {name for name in vendored() if name.endswith((".js", ".wasm.gz"))}
    assert [name for name in shipped if f"vendor/{name}" not in TEXTS] == []


def test_each_shipped_model_is_named_with_its_data_and_weights() -> None:
    for card in (ROOT / "src/radistill/bundles").glob("*/card.json"):
        assert f"`{card.parent.name}`" in THIRD_PARTY
        assert json.loads(card.read_text("utf-8"))["licence"].startswith("MIT")
    for said in ("Kermany et al. 2018, CC BY 4.0", "Apache-2.0", "No image of that set"):
        assert said in THIRD_PARTY
