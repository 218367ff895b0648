"""POST /v1/predictions: the same as `radistill predict`, whatever comes."""

from __future__ import annotations

import base64
import os
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from bad_files import BAD, image
from dicoms import STEPS, dicom
from radistill.imaging import Limits, decode, to_square
from radistill.runtime.predictor import Predictor
from radistill.serve.request_limits import ServeLimits
from radistill.serve.uploads import base_name

from ..brightness import SIDE

URL = "/v1/predictions"


def multipart(*files: tuple[str, bytes]) -> list[tuple[str, tuple[str, bytes]]]:
    return [("files", file) for file in files]


def records(response: Any) -> list[dict[str, Any]]:
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["predictions"]
    return found


def without_time(record: dict[str, Any]) -> dict[str, Any]:
    assert "T" in record.get("time", "T")
    return {key: value for key, value in record.items() if key not in ("ms", "time")}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"threshold": 0.4},
        {"sensitivity": 0.95},
        {"band": 0.1, "threshold": 0.6},
        {"any_population": True, "sketch": True},
    ],
)
def test_the_same_as_predict(
    client: TestClient, bundle: Path, films: Path, options: dict[str, float]
) -> None:
    paths = sorted(films.iterdir())[3:8]
    expected = list(Predictor.load(bundle).predict(paths, **options))
    files = multipart(*((path.name, path.read_bytes()) for path in paths))
    found = records(client.post(URL, files=files, params=options))
    alone = [
        records(
            client.post(
                URL,
                content=path.read_bytes(),
                params=options,
                headers={"Content-Type": "image/png"},
            )
        )[0]
        for path in paths
    ]
    for path, one, raw, result in zip(paths, found, alone, expected, strict=True):
        record = without_time(result.record())
        assert without_time(one) == {**record, "path": path.name}
        assert without_time(raw) == {**record, "path": None}


def test_bad_files_among_good_ones(client: TestClient, films: Path) -> None:
    good = ("good.png", (films / "film 3.png").read_bytes())
    found = records(client.post(URL, files=multipart(good, ("bad.png", b"<html>"), good)))
    assert [record["path"] for record in found] == ["good.png", "bad.png", "good.png"]
    assert found[1]["error"]["code"] == "not-an-image"
    assert without_time(found[0]) == without_time(found[2])


def test_every_bad_file_of_the_intake(client: TestClient) -> None:
    """Larger ones than this client's cap are refused before they are decoded."""
    kind = {"Content-Type": "application/octet-stream"}
    for name, (code, make) in BAD.items():
        content = make()
        response = client.post(URL, content=content, headers=kind)
        if len(content) > 4 * 2**20:
            assert response.status_code == 413, name
        else:
            found = records(response)[0]["error"]["code"]
            # The cap on bytes holds for what a deflated DICOM inflates to as well.
            assert found == code or (found == "too-large" and len(content) > 2**20), name


@pytest.mark.parametrize("kind", ["DICOM", "TIFF", "PNG"])
def test_heat_maps_and_previews(client: TestClient, kind: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 100, (1500, 1200), dtype=np.uint8)
    pixels[:750, :600] += 150
    content = dicom(pixels, PatientAge="004Y") if kind == "DICOM" else image(kind, pixels)
    (found,) = records(client.post(URL, files=multipart(("f", content)), params={"heatmap": True}))
    assert found["heatmap"]["size"] == [2, 2]
    values = np.frombuffer(base64.b64decode(found["heatmap"]["values"]), np.uint8)
    square = to_square(pixels, SIDE).reshape(2, SIDE // 2, 2, SIDE // 2) / 255
    expected = np.clip((square.mean((1, 3)).reshape(-1) - 0.5) / 0.5, 0, 1) * 255
    assert expected.max() > 100
    assert np.abs(values - expected).max() <= 0.5 + 1e-3
    if kind == "PNG":
        assert "preview" not in found
        return
    preview = np.asarray(Image.open(BytesIO(base64.b64decode(found["preview"]))))
    assert preview.shape == (1024, 819)
    full = Image.fromarray(decode(content))
    full.thumbnail((1024, 1024), Image.Resampling.BILINEAR)
    np.testing.assert_array_equal(preview, np.asarray(full))


def test_dicom_tags_are_checked_unless_told(client: TestClient) -> None:
    content = dicom(np.tile(STEPS, (30, 30)), PatientAge="040Y", PatientName="SENTINEL^Ann")
    kind = {"Content-Type": "application/dicom"}
    response = client.post(URL, content=content, headers=kind)
    assert "population-age" in records(response)[0]["reasons"]
    assert "SENTINEL" not in response.text
    again = client.post(URL, content=content, headers=kind, params={"any_population": "true"})
    assert "population-age" not in records(again)[0]["reasons"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("threshold=2", "threshold"),
        ("threshold=nan", "threshold"),
        ("band=x", "band"),
        ("treshold=0.5", "unknown option"),
        ("sensitivity=0.8", "there are: default, sensitivity-0.95"),
        ("sensitivity=0.95&threshold=0.5", "not both"),
    ],
)
def test_wrong_options(client: TestClient, query: str, words: str) -> None:
    response = client.post(f"{URL}?{query}", files=multipart(("a", b"a")))
    assert response.status_code == 422
    assert response.json()["error"]["code"] == "query"
    assert words in response.json()["error"]["message"]


FORM = "multipart/form-data; boundary=x"
PART = b'--x\r\nContent-Disposition: form-data; name="%s"; filename="a"\r\n\r\na\r\n'


@pytest.mark.parametrize(
    ("kind", "content", "status", "code"),
    [
        ("application/x-www-form-urlencoded", b"a", 415, "content-type"),
        ("application/json", b"{}", 415, "content-type"),
        ("", b"a", 415, "content-type"),
        ("multipart/form-data", b"a", 400, "multipart"),
        (FORM, b"nothing of the kind", 400, "multipart"),
        (FORM, PART % b"files", 400, "multipart"),
        (FORM, b"--x--\r\n", 422, "no-file"),
        (FORM, PART % b"other" + b"--x--\r\n", 422, "unknown-field"),
        (
            FORM,
            PART.replace(b'; filename="a"', b"") % b"files" + b"--x--\r\n",
            422,
            "unknown-field",
        ),
        (FORM, PART % b"files" * 6 + b"--x--\r\n", 413, "too-many-files"),
        (FORM, PART % b"files" * 9 + b"--x--\r\n", 413, "too-many-files"),
    ],
)
def test_wrong_bodies(
    client: TestClient, kind: str, content: bytes, status: int, code: str
) -> None:
    response = client.post(URL, content=content, headers={"Content-Type": kind} if kind else {})
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)


def test_encoded_bodies_are_refused(client: TestClient) -> None:
    headers = {"Content-Type": "image/png", "Content-Encoding": "gzip"}
    assert client.post(URL, content=b"a", headers=headers).status_code == 415


def test_the_time_of_a_request_is_capped(client_of: Any, films: Path) -> None:
    """What was not begun in time is said to be late, and nothing is left out."""
    film = (films / "film 1.png").read_bytes()
    late = client_of(request_seconds=-1.0)
    found = records(late.post(URL, files=multipart(("a", film), ("b", film))))
    assert [(r["path"], r["error"]["code"]) for r in found] == [("a", "timeout"), ("b", "timeout")]


def test_the_limits_reach_the_decoding_processes(client_of: Any, films: Path) -> None:
    small = client_of(max_pixels=1000)
    (found,) = records(small.post(URL, files=multipart(("a", (films / "film 1.png").read_bytes()))))
    assert found["error"]["code"] == "too-large"
    decoding = ServeLimits(max_bytes=7, max_pixels=8, seconds=9).decoding
    assert decoding == Limits(max_bytes=7, max_pixels=8, seconds=9)


def test_names_are_cut_to_their_last_part() -> None:
    assert base_name("C:\\films\\Ann.png") == "Ann.png"
    assert base_name("/etc/../x/b.png") == "b.png"
    assert base_name("a\x00\n\u202egnp.b") == "agnp.b"
    assert base_name("..") == ".."
    assert len(base_name("é" * 1000)) == 255


def test_large_uploads_stay_in_memory(
    client: TestClient, films: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Starlette would roll over to a file at a megabyte."""

    def never(*arguments: object, **options: object) -> None:
        raise AssertionError("a temporary file")

    monkeypatch.setattr("tempfile.TemporaryFile", never)
    padded = (films / "film 1.png").read_bytes() + os.urandom(3 * 2**20)
    assert records(client.post(URL, files=multipart(("a", padded))))[0]["decision"] == "normal"
