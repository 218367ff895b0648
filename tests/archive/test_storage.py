"""A bucket and a web server on the loopback: with and without rights, and out of order."""

from __future__ import annotations

import io
import secrets
import tarfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import fsspec
import pytest

from radistill.archive import storage
from radistill.archive.archive_summary import summarise
from radistill.archive.film_bytes import films_of
from radistill.archive.film_list import film_ids
from radistill.archive.storage import Storage, StorageDown, patiently, shown
from radistill.errors import UsageError
from radistill.imaging.limits import Limits
from radistill.imaging.sandbox.decoded import Refused
from radistill.imaging.sandbox.intake import Upload

from .conftest import Score, rows_of


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty bucket behind moto's server."""
    server = pytest.importorskip("moto.server").ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    credentials(monkeypatch, f"http://{host}:{port}")
    fs = fsspec.filesystem("s3")
    name = f"archive-{secrets.token_hex(4)}"  # moto keeps those of other tests
    fs.mkdir(name)
    yield f"s3://{name}"
    server.stop()


def credentials(monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    for name, value in {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "KEY-OF-A-HOSPITAL",
        "AWS_SECRET_ACCESS_KEY": "SECRET-OF-A-HOSPITAL",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_MAX_ATTEMPTS": "1",
    }.items():
        monkeypatch.setenv(name, value)
    fsspec.filesystem("s3").clear_instance_cache()


class Answers(SimpleHTTPRequestHandler):
    """Files of a folder; the first requests for each get `statuses` instead."""

    statuses: ClassVar[list[int]] = []

    def send_head(self) -> Any:
        if self.statuses:
            self.send_error(self.statuses.pop(0))
            return None
        return super().send_head()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def web(archive: Path) -> Iterator[str]:
    Answers.statuses = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Answers, directory=str(archive)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "WAITS", (0.01,) * 6)


def fill(bucket: str, archive: Path) -> None:
    fs, root = fsspec.core.url_to_fs(bucket)
    fs.put(f"{archive}/", f"{root}/films/", recursive=True)
    fs.pipe_file(f"{root}/films/notes.txt", b"none")


def test_films_in_a_bucket_and_parts_in_another_place_of_it(
    score: Score, archive: Path, bucket: str, tmp_path: Path
) -> None:
    fill(bucket, archive)
    out = f"{bucket}/scored/2026"
    counts = score(f"{bucket}/films", out)
    assert (counts.films, counts.errors) == (12, 0)
    score(archive, tmp_path / "out")
    disk = rows_of(tmp_path / "out")
    local = Storage(out)
    names = [name for name in local.names() if name[0] not in "_."]
    (tmp_path / "copy").mkdir()
    for name in names:
        (tmp_path / "copy" / name).write_bytes(local.read(name))
    rows = rows_of(tmp_path / "copy")
    assert [row["path"] for row in rows] == [
        row["path"].replace(str(archive), f"{bucket}/films") for row in disk
    ]
    assert [row["probability"] for row in rows] == [row["probability"] for row in disk]
    fsspec.filesystem("s3").rm(f"{bucket}/films/0/00.png")
    assert score(f"{bucket}/films", out).films == 12
    with pytest.raises(UsageError, match="another threshold"):
        score(f"{bucket}/films", out, threshold=0.1)


def test_lists_and_shards_in_a_bucket(score: Score, archive: Path, bucket: str) -> None:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as shard:
        shard.add(archive / "0" / "00.png", "00.png")
    fs = fsspec.filesystem("s3")
    fs.pipe_file(f"{bucket}/shards/a.tar", file.getvalue())
    fs.pipe_file(f"{bucket}/empty.png", b"")
    lines = f"path\nempty.png\n{bucket}/gone.png\n/nowhere.png"
    fs.pipe_file(f"{bucket}/lists/films.csv", lines.encode())
    for pattern in ("lists/*.csv", "lists/films.csv"):
        assert len(list(film_ids(f"{bucket}/{pattern}"))) == 3
    assert list(film_ids(f"{bucket}/shards/*.tar")) == [f"{bucket}/shards/a.tar"]
    assert score(f"{bucket}/shards/*.tar", f"{bucket}/one").films == 1
    ids = list(film_ids(f"{bucket}/lists/films.csv"))
    assert ids == [f"{bucket}/lists/empty.png", f"{bucket}/gone.png", "/nowhere.png"]
    films = [*films_of([*ids, f"{bucket}/empty.png"], Limits())]
    assert [film.code if isinstance(film, Refused) else film.data for film in films] == [
        "missing",
        "missing",
        "missing",
        b"",
    ]


def test_only_one_of_two_creates(bucket: str, tmp_path: Path) -> None:
    for uri in (f"{bucket}/x", str(tmp_path)):
        one = Storage(uri)
        one.create("_plan/a", b"first")
        with pytest.raises(FileExistsError):
            one.create("_plan/a", b"second")
        assert (one.read("_plan/a"), one.names("_plan")) == (b"first", ["a"])
        one.remove("_plan/a")
        one.remove("_plan/a")
        assert one.names("_plan") == []
        with pytest.raises(FileNotFoundError):
            one.read("_plan/a")


def test_a_folder_and_a_list_on_the_web(
    score: Score, archive: Path, web: str, tmp_path: Path
) -> None:
    assert score(web, tmp_path / "out").films == 12
    (archive / "list.csv").write_text("path\n0/00.png\n0/gone.png\n")
    assert score(f"{web}/list.csv", tmp_path / "two").errors == 1
    codes = {row["path"]: row["error_code"] for row in rows_of(tmp_path / "two")}
    assert codes == {f"{web}/0/00.png": None, f"{web}/0/gone.png": "missing"}


@pytest.mark.usefixtures("waits")
def test_a_storage_that_answers_503_for_a_while(
    score: Score, archive: Path, web: str, tmp_path: Path
) -> None:
    films = [f"{web}/{path.relative_to(archive)}" for path in sorted(archive.rglob("*.png"))]
    (tmp_path / "list.csv").write_text("path\n" + "\n".join(films))
    Answers.statuses = [503] * 10
    counts = score(tmp_path / "list.csv", tmp_path / "out")
    assert (counts.films, counts.errors) == (12, 0)
    assert not Answers.statuses


@pytest.mark.usefixtures("waits")
def test_one_that_never_answers_is_a_row(web: str) -> None:
    Answers.statuses = [503] * 7
    first, second = [
        *films_of([f"{web}/0/00.png"], Limits()),
        *films_of([f"{web}/0/02.png"], Limits()),
    ]
    assert isinstance(first, Refused)
    assert first.code == "unreachable"
    assert "503" in first.message
    assert isinstance(second, Upload)


@pytest.mark.parametrize("status", [401, 403])
def test_a_film_without_rights_is_a_row(web: str, status: int) -> None:
    Answers.statuses = [status]
    (film,) = films_of([f"{web}/0/00.png"], Limits())
    assert isinstance(film, Refused)
    assert film.code == "no-access"


def test_a_film_that_is_too_large_is_not_loaded(web: str) -> None:
    (film,) = films_of([f"{web}/0/00.png"], Limits(max_bytes=100))
    assert not isinstance(film, Upload) or len(film.data) > 100


def test_a_bucket_without_rights_is_one_line(
    score: Score, archive: Path, web: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that refuses everything, and no credentials at all."""
    credentials(monkeypatch, web)
    match = r"^s3://locked\S*: access denied.*AWS_PROFILE"
    for source, out in (("s3://locked/films", tmp_path / "out"), (archive, "s3://locked/out")):
        Answers.statuses = [403] * 20
        with pytest.raises(UsageError, match=match) as raised:
            score(source, out)
        assert "HOSPITAL" not in str(raised.value)
        assert "\n" not in str(raised.value)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    fsspec.filesystem("s3").clear_instance_cache()
    with pytest.raises(UsageError, match=match):
        list(film_ids("s3://locked/films"))


@pytest.mark.usefixtures("waits")
def test_a_bucket_that_is_not_there(score: Score, archive: Path, bucket: str) -> None:
    """One line for each command, not a traceback."""
    for out in (f"{bucket}-none/out", f"{bucket}-none"):
        with pytest.raises(UsageError, match=rf"^{out}: there is no such bucket; make it"):
            score(archive, out)
        with pytest.raises(UsageError, match="there is no archive"):
            summarise(out)


def test_messages_show_no_secret() -> None:
    signed = "https://user:password@host/films/a.png?X-Amz-Signature=abc"
    assert shown(signed) == "https://host/films/a.png"

    def failing() -> None:
        raise OSError(f"cannot connect to {signed}")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(storage, "WAITS", ())
        with pytest.raises(StorageDown) as raised:
            patiently(signed, failing)
    assert "password" not in str(raised.value)
    assert "Signature" not in str(raised.value)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match=r"gs://bucket/films: needs another package .*gcsfs"):
        Storage("gs://bucket/films")
