"""Fetching: what happens without network, and with a server of our own in place of the real."""

from __future__ import annotations

import hashlib
import io
import json
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from radistill.cli.commands import app
from radistill.data import fetch
from radistill.errors import RadistillError, UsageError


class Server(ThreadingHTTPServer):
    """Serves `files` by path; `requests` holds (method, path, Range) of what was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, tuple[str, bytes]] = {}
        self.requests: list[tuple[str, str, str | None]] = []
        self.cut_at: int | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.server.requests.append((self.command, self.path, wanted))
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path not in self.server.files:
            self.send_error(404)
            return
        kind, body = self.server.files[self.path]
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
        if start and start >= len(body):
            self.send_error(416)
            return
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        self.wfile.write(body[start : self.server.cut_at])

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    served = Server()
    thread = threading.Thread(target=served.serve_forever, daemon=True)
    thread.start()
    yield served
    served.shutdown()
    served.server_close()


@pytest.fixture
def nobody(server: Server) -> str:
    """An address that nobody answers at."""
    closed = Server()
    url = closed.url
    closed.server_close()
    return url


@pytest.fixture
def medmnist(server: Server, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """The bytes of a small PneumoniaMNIST, which the server has."""
    stream = io.BytesIO()
    rng = np.random.default_rng(0)
    arrays = {}
    for split, n in (("train", 40), ("val", 8), ("test", 16)):
        arrays[f"{split}_images"] = rng.integers(0, 256, (n, 64, 64), dtype=np.uint8)
        arrays[f"{split}_labels"] = (np.arange(n) % 2).astype(np.uint8)[:, None]
    np.savez(stream, **arrays)
    body = stream.getvalue()
    name, path = "pneumoniamnist_64.npz", "/records/1/files/pneumoniamnist_64.npz?download=1"
    server.files[path] = ("application/octet-stream", body)
    monkeypatch.setattr(fetch, "MEDMNIST_PAGE", f"{server.url}/records/1")
    monkeypatch.setitem(fetch.MEDMNIST, 64, (name, hashlib.md5(body).hexdigest()))
    return body


def test_medmnist_arrives_whole_and_only_once(
    medmnist: bytes, server: Server, tmp_path: Path
) -> None:
    file = fetch.fetch_medmnist(tmp_path / "set", 64)
    assert file == tmp_path / "set" / "pneumoniamnist_64.npz"
    assert file.read_bytes() == medmnist
    assert [f.name for f in file.parent.iterdir()] == [file.name]
    fetch.fetch_medmnist(tmp_path / "set", 64)
    assert len(server.requests) == 1


def test_a_fetched_medmnist_is_a_data_set(medmnist: bytes, tmp_path: Path) -> None:
    from radistill.config import DataConfig
    from radistill.data import load_dataset

    dataset = load_dataset(fetch.fetch_medmnist(tmp_path, 64), DataConfig(), seed=0)
    assert dataset.positive == "pneumonia"
    assert len(dataset.films) == 64


def test_medmnist_goes_on_where_it_broke_off(
    medmnist: bytes, server: Server, tmp_path: Path
) -> None:
    server.cut_at = 1000
    with pytest.raises(RadistillError, match=r"could not be downloaded .*pneumoniamnist_64.npz"):
        fetch.fetch_medmnist(tmp_path, 64)
    assert [f.name for f in tmp_path.iterdir()] == ["pneumoniamnist_64.npz.partial"]
    server.cut_at = None
    assert fetch.fetch_medmnist(tmp_path, 64).read_bytes() == medmnist
    assert server.requests[-1][2] == "bytes=1000-"


def test_a_complete_partial_medmnist_is_only_renamed(medmnist: bytes, tmp_path: Path) -> None:
    (tmp_path / "pneumoniamnist_64.npz.partial").write_bytes(medmnist)
    assert fetch.fetch_medmnist(tmp_path, 64).read_bytes() == medmnist


def test_a_damaged_medmnist_is_not_kept(medmnist: bytes, server: Server, tmp_path: Path) -> None:
    path = next(iter(server.files))
    server.files[path] = ("application/octet-stream", medmnist[:-1] + b"x")
    with pytest.raises(RadistillError, match=r"damaged .* deleted"):
        fetch.fetch_medmnist(tmp_path, 64)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_medmnist_in_place_is_replaced(medmnist: bytes, tmp_path: Path) -> None:
    (tmp_path / "pneumoniamnist_64.npz").write_bytes(b"half of it")
    assert fetch.fetch_medmnist(tmp_path, 64).read_bytes() == medmnist


@pytest.mark.parametrize("size", [28, 64, 128, 224])
def test_each_size_has_its_file(
    size: int, nobody: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    flag = "" if size == 28 else f"_{size}"
    assert fetch.MEDMNIST_PAGE == "https://zenodo.org/records/10519652"
    monkeypatch.setattr(fetch, "MEDMNIST_PAGE", f"{nobody}/records/10519652")
    with pytest.raises(RadistillError, match="records/10519652") as caught:
        fetch.fetch_medmnist(tmp_path, size)
    assert str(tmp_path / f"pneumoniamnist{flag}.npz") in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_medmnist_refuses_what_makes_no_sense(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="100"):
        fetch.fetch_medmnist(tmp_path, 100)
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="is a file"):
        fetch.fetch_medmnist(tmp_path / "file", 64)


COUNTS = dict.fromkeys(fetch.KAGGLE_COUNTS, 2)


@pytest.fixture
def kaggle(monkeypatch: pytest.MonkeyPatch, server: Server, tmp_path: Path) -> Server:
    """A server that speaks as much of Kaggle's interface as kagglehub needs."""
    pytest.importorskip("kagglehub")
    from kagglesdk import kaggle_env

    monkeypatch.setenv("KAGGLE_API_ENVIRONMENT", "LOCALHOST")
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setitem(kaggle_env._env_to_endpoint, kaggle_env.KaggleEnv.LOCAL, server.url)
    monkeypatch.setattr(fetch, "KAGGLE_COUNTS", COUNTS)
    service = "/api/v1/datasets.DatasetApiService"
    answer = json.dumps({"id": 1, "currentVersionNumber": 2}).encode()
    server.files[f"{service}/GetDataset"] = ("application/json", answer)
    server.files[f"{service}/DownloadDataset"] = ("application/zip", _archive(2))
    return server


def _archive(films: int) -> bytes:
    """As the real one: films in chest_xray/, a second copy of all, and a Mac's litter."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for top in ("chest_xray", "chest_xray/chest_xray", "chest_xray/__MACOSX/chest_xray"):
            for split, label in fetch.KAGGLE_COUNTS:
                archive.writestr(f"{top}/{split}/{label}/.DS_Store", b"")
                archive.writestr(f"{top}/{split}/{label}/._IM-0001-0001.jpeg", b"")
                for number in range(films):
                    name = f"{top}/{split}/{label}/IM-{number:04d}-0001.jpeg"
                    archive.writestr(name, f"{split} {label} {number}")
    return stream.getvalue()


def test_kaggle_arrives_in_the_layout_that_is_read(kaggle: Server, tmp_path: Path) -> None:
    out = tmp_path / "new" / "set"
    fetch.fetch_kaggle(out)
    files = sorted(str(f.relative_to(out)) for f in out.rglob("*") if f.is_file())
    assert files == sorted(
        f"{split}/{label}/IM-{number:04d}-0001.jpeg" for split, label in COUNTS for number in (0, 1)
    )
    assert (out / "val/NORMAL/IM-0001-0001.jpeg").read_text() == "val NORMAL 1"
    asked = len(kaggle.requests)
    fetch.fetch_kaggle(out)
    assert len(kaggle.requests) == asked


def test_an_incomplete_kaggle_set_is_refused(kaggle: Server, tmp_path: Path) -> None:
    kaggle.files["/api/v1/datasets.DatasetApiService/DownloadDataset"] = (
        "application/zip",
        _archive(1),
    )
    with pytest.raises(RadistillError, match=r"train/NORMAL: 1 of 2 films") as caught:
        fetch.fetch_kaggle(tmp_path / "out")
    assert str(tmp_path / "cache") in str(caught.value)
    assert [f.name for f in tmp_path.iterdir()] == ["cache"]


def test_kaggle_leaves_other_folders_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").touch()
    with pytest.raises(UsageError, match="other files"):
        fetch.fetch_kaggle(tmp_path)
    assert [f.name for f in tmp_path.iterdir()] == ["mine.txt"]


def test_kaggle_says_what_to_do_without_permission(kaggle: Server, tmp_path: Path) -> None:
    kaggle.files.clear()
    with pytest.raises(RadistillError, match=r"kaggle.com/datasets/paultimothymooney") as caught:
        fetch.fetch_kaggle(tmp_path / "out")
    assert "404" in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_the_command_without_network(
    kaggle: Server, nobody: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from kagglesdk import kaggle_env

    monkeypatch.setitem(kaggle_env._env_to_endpoint, kaggle_env.KaggleEnv.LOCAL, nobody)
    result = CliRunner().invoke(app, ["data", "fetch", "kaggle", str(tmp_path / "out")])
    assert isinstance(result.exception, RadistillError)
    assert result.exception.exit_code == 1
    assert "Connection refused" in str(result.exception)
    assert f"train, val and test to {tmp_path / 'out'}" in str(result.exception)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("named", ["medmnist", "kaggle"])
def test_a_proxy_that_does_not_answer_is_named(
    nobody: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, named: str
) -> None:
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, nobody.replace("//", "//me:secret@"))
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path / "cache"))
    result = CliRunner().invoke(app, ["data", "fetch", named, str(tmp_path / "out")])
    said = str(result.exception)
    assert isinstance(result.exception, RadistillError)
    assert f"could not be downloaded through the proxy {nobody.removeprefix('http://')}" in said
    assert "secret" not in said


def test_why_a_connection_failed_is_said_in_words(
    nobody: str, medmnist: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(fetch, "MEDMNIST_PAGE", nobody)
    with pytest.raises(RadistillError, match=r"\(Connection refused\)"):
        fetch.fetch_medmnist(tmp_path, 64)
