"""The whole server as a process that may write to no file, with its children killed under it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2 as httpx
import pytest

from bad_files import image
from dicoms import dicom
from radistill.serve.audit_log import AuditLog, Caller
from radistill.serve.responses import FilmRecord

from ..brightness import write_bundle
from ..servers import Server, connect, serving

URL = "/v1/predictions"
OCTETS = {"Content-Type": "application/octet-stream"}

# A Pillow that takes its time, in the decoding processes alone.
SLOW = """
import time
from PIL import Image
honest = Image.open
def slow(file, *arguments, **options):
    content = file.getvalue()
    if b"SLOW" in content: time.sleep(float(content.rsplit(b"SLOW", 1)[1]))
    return honest(file, *arguments, **options)
Image.open = slow
"""


@pytest.fixture
def slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sitecustomize.py").write_text(SLOW, "utf-8")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")


@pytest.fixture
def film(films: Path) -> bytes:
    return (films / "film 1.png").read_bytes()


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=30) as made:
        yield made


def ask(server: Server, content: bytes) -> httpx.Response:
    return httpx.post(server.url + URL, content=content, headers=OCTETS, timeout=30)


def wait_for_jobs(server: Server, count: int) -> None:
    """Until so many requests are at work."""
    while f"radistill_jobs {count}.0" not in httpx.get(f"{server.url}/metrics", timeout=30).text:
        time.sleep(0.05)


def test_nothing_is_written_and_nothing_is_logged(
    bundle: Path, film: bytes, client: httpx.Client
) -> None:
    """Films of several megabytes, DICOM and bad files; the names are in no log."""
    import numpy as np

    noise = np.random.default_rng(0).integers(0, 256, (1500, 2000), dtype=np.uint8)
    files = [
        ("files", ("SENTINEL.png", image("PNG", noise))),
        ("files", ("SENTINEL.dcm", dicom(noise, PatientName="SENTINEL^Ann"))),
        ("files", ("SENTINEL.tif", image("TIFF", noise))),
        ("files", ("SENTINEL.txt", b"SENTINEL")),
    ]
    with serving(bundle) as server:
        for path in ("/SENTINEL.png", "/?SENTINEL", "/v1/bundle?SENTINEL=1"):
            client.get(server.url + path, headers={"User-Agent": "SENTINEL"})
        wrong = client.post(f"{server.url}{URL}?SENTINEL=1", files=files)
        assert wrong.status_code == 422
        response = client.post(f"{server.url}{URL}?heatmap=true", files=files)
        found = response.json()["predictions"]
        assert [("error" in record) for record in found] == [False, False, False, True]
        assert [("preview" in record) for record in found] == [False, True, True, False]
        assert "SENTINEL" not in client.get(server.url + "/metrics").text
    assert server.process.returncode == 0
    assert "POST /v1/predictions 200" in server.log
    assert "SENTINEL" not in server.log
    assert "Traceback" not in server.log


@pytest.mark.usefixtures("slow")
def test_children_killed_under_a_request(bundle: Path, film: bytes) -> None:
    """The film whose process dies is said to be so; the others, and the server, go on."""
    with serving(bundle, "--workers", 2) as server, ThreadPoolExecutor(4) as pool:
        slow = [pool.submit(ask, server, film + b"SLOW60") for _ in range(2)]
        wait_for_jobs(server, 2)
        time.sleep(1)  # until the films are with the children
        for child in server.children():
            os.kill(child, signal.SIGKILL)
        for future in slow:
            (record,) = future.result().json()["predictions"]
            assert record["error"]["code"] == "crashed"
        answers = list(pool.map(lambda _: ask(server, film), range(8)))
        assert [a.json()["predictions"][0]["decision"] for a in answers] == ["normal"] * 8
        for child in server.children():
            os.kill(child, signal.SIGKILL)  # idle ones
        assert ask(server, film).json()["predictions"][0]["decision"] == "normal"


@pytest.mark.usefixtures("slow")
def test_a_flood_gets_answers_or_an_honest_no(bundle: Path, film: bytes) -> None:
    with serving(bundle, "--workers", 1, "--waiting", 2) as server:
        with ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(lambda _: ask(server, film + b"SLOW0.3"), range(12)))
        statuses = Counter(answer.status_code for answer in answers)
        assert set(statuses) == {200, 503}
        assert statuses[200] >= 3
        for answer in answers:
            if answer.status_code == 503:
                assert int(answer.headers["Retry-After"]) > 0
                assert answer.json()["error"]["code"] == "busy"
            else:
                assert answer.json()["predictions"][0]["decision"] == "normal"
        assert ask(server, film).status_code == 200


@pytest.mark.usefixtures("slow")
def test_a_film_that_takes_too_long(bundle: Path, film: bytes) -> None:
    with serving(bundle, "--seconds", 2) as server:
        (record,) = ask(server, film + b"SLOW60").json()["predictions"]
        assert record["error"]["code"] == "timeout"
        assert ask(server, film).status_code == 200


@pytest.mark.usefixtures("slow")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_when_what_was_begun_is_done(bundle: Path, film: bytes, number: int) -> None:
    with serving(bundle) as server, ThreadPoolExecutor(1) as pool:
        begun = pool.submit(ask, server, film + b"SLOW1.5")
        wait_for_jobs(server, 1)
        children = server.children()
        server.process.send_signal(number)
        time.sleep(0.3)
        with pytest.raises(httpx.TransportError):
            ask(server, film)
        assert begun.result().json()["predictions"][0]["decision"] == "normal"
        assert server.process.wait(60) == 0
    assert children
    assert not [child for child in children if Path(f"/proc/{child}").exists()]
    assert "Traceback" not in server.log


def model_of(server: Server) -> str:
    return str(httpx.get(f"{server.url}/healthz", timeout=30).json()["model"]["sha256"])


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.mark.usefixtures("slow")
def test_a_new_model_without_a_stop(tmp_path: Path, film: bytes) -> None:
    """Running requests end with the old one; a broken one is refused; SIGHUP loads it anew."""
    folder = write_bundle(tmp_path / "served")
    with serving(folder, "--log", "json") as server, ThreadPoolExecutor(1) as pool:
        old = model_of(server)
        begun = pool.submit(ask, server, film + b"SLOW4")
        time.sleep(0.7)
        write_bundle(folder, slope=5.0)
        until(lambda: model_of(server) != old)
        assert not begun.done()
        new = model_of(server)
        assert ask(server, film).json()["predictions"][0]["model"]["sha256"] == new
        assert begun.result().json()["predictions"][0]["model"]["sha256"] == old
        (folder / "model.onnx").write_bytes(b"broken")
        until(lambda: "the one before goes on" in server.log)
        assert ask(server, film).json()["predictions"][0]["model"]["sha256"] == new
        write_bundle(folder, slope=5.0)
        until(lambda: server.log.count("new requests are answered by") == 2)
        server.process.send_signal(signal.SIGHUP)
        until(lambda: server.log.count("new requests are answered by") == 3)
        assert ask(server, film).json()["predictions"][0]["model"]["sha256"] == new
    assert server.process.returncode == 0
    logged = [json.loads(line) for line in server.lines if line.startswith("{")]
    assert {line["level"] for line in logged} == {"info", "error"}
    posts = [line for line in logged if line.get("method") == "POST"]
    assert {(line["route"], line["status"]) for line in posts} == {("/v1/predictions", 200)}
    assert len({line["request_id"] for line in posts}) == len(posts) == 4


def test_the_audit_log_of_a_process(tmp_path: Path, bundle: Path, film: bytes) -> None:
    """The disk is full: without its line there is no answer; then `verify-audit`."""
    (tmp_path / "tokens").write_text("ward " + "w" * 16)
    (tmp_path / "tokens").chmod(0o600)
    audit = tmp_path / "audit"
    headers = OCTETS | {"Authorization": "Bearer " + "w" * 16}
    AuditLog(audit).append(Caller("1", "ward"), [FilmRecord(path=None, sha256="0")])
    with serving(bundle, "--audit", audit, "--tokens", tmp_path / "tokens") as server:
        answer = httpx.post(server.url + URL, content=film, headers=headers, timeout=30)
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "audit")
    assert "audit" in server.log
    command = [sys.executable, "-m", "radistill", "serve", "verify-audit", str(audit)]
    assert "1 lines, none changed" in subprocess.check_output(command, text=True)
    (file,) = audit.glob("*.jsonl")
    file.write_text(file.read_text().replace('"0"', '"1"') + file.read_text())
    assert subprocess.run(command, stderr=subprocess.DEVNULL).returncode == 1


@pytest.mark.usefixtures("slow")
def test_who_hangs_up_gives_up_the_place(bundle: Path, film: bytes) -> None:
    """One film at a time and none waiting: the next is answered as soon as the film is."""
    with serving(bundle, "--workers", 1, "--waiting", 0) as server:
        many = [("files", film + b"SLOW1")] * 20
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(server.url + URL, files=many, timeout=0.5)
        start = time.monotonic()
        while ask(server, film).status_code == 503:
            time.sleep(0.1)
        assert time.monotonic() - start < 15, "twenty films would take twenty seconds"


def resident(server: Server) -> int:
    """Bytes of memory of the server's process."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


@pytest.mark.slow
@pytest.mark.usefixtures("slow")
@pytest.mark.parametrize("kind", ["raw", "multipart"])
def test_memory_under_hang_ups(bundle: Path, film: bytes, kind: str) -> None:
    """Forty clients who send 8 MiB and hang up while they wait for a film that takes its time."""
    count, size = 40, 8 * 2**20
    head, body = "Content-Type: application/octet-stream", film.ljust(size, b"\0")
    if kind == "multipart":
        head = "Content-Type: multipart/form-data; boundary=b"
        part = b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
        body = part + body + b"\r\n--b--\r\n"
    request = f"POST {URL} HTTP/1.1\r\nHost: localhost\r\n{head}\r\nContent-Length: {len(body)}"
    options = ("--workers", 1, "--waiting", 64, "--seconds", 60)
    with serving(bundle, *options) as server, ThreadPoolExecutor(1) as pool:

        def gauge(name: str) -> float:
            metrics = httpx.get(f"{server.url}/metrics", timeout=30).text
            return float(metrics.partition(f"\nradistill_{name} ")[2].split()[0])

        def hang_up(times: int) -> None:
            for _ in range(times):
                with connect(server.port) as client:
                    client.sendall(request.encode() + b"\r\n\r\n" + body)
            while gauge("jobs") > 1 or gauge("body_bytes") > len(film) + 10:
                time.sleep(0.05)

        busy = pool.submit(ask, server, film + b"SLOW25")
        time.sleep(1)
        hang_up(3)  # what the first request of all takes
        before = resident(server)
        hang_up(count)
        after = resident(server)
        assert not busy.done(), "the film was to take longer"
    print(f"{kind}: {before / 2**20:.0f} MiB before, {after / 2**20:.0f} after {count} hang-ups")
    assert after - before < 3 * size


@pytest.mark.slow
def test_memory_stays_where_it_is(bundle: Path) -> None:
    """Large films, again and again, from several clients."""
    import numpy as np

    noise = np.random.default_rng(0).integers(0, 256, (2000, 2000), dtype=np.uint8)
    content = image("TIFF", noise)

    with serving(bundle) as server, ThreadPoolExecutor(4) as pool:
        for _ in pool.map(lambda _: ask(server, content), range(40)):
            pass
        before = resident(server)
        for answer in pool.map(lambda _: ask(server, content), range(200)):
            assert answer.status_code == 200
        assert resident(server) - before < 30e6


def test_a_cpuset_bounds_the_decoders(bundle: Path) -> None:
    one = min(os.sched_getaffinity(0))
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {one})  # the server inherits it
    try:
        with serving(bundle) as server:
            assert len(server.children()) == 1
    finally:
        os.sched_setaffinity(0, before)


def test_beyond_loopback_other_names_are_refused_too(bundle: Path) -> None:
    with serving(bundle, "--host", "0.0.0.0", "--allow-host", "xray.example") as server:
        own = socket.gethostname()
        for host, status in {
            "evil.example": 421,
            f"{own}.evil.example": 421,
            "127.0.0.1.evil.example": 421,
            "xray.example": 200,
            own: 200,
            "localhost": 200,
            "192.0.2.7:8000": 200,  # as of a container that the network knows by its host's
            "[2001:db8::1]:8000": 200,
        }.items():
            answer = httpx.get(server.url + "/", headers={"Host": host}, timeout=30)
            assert answer.status_code == status, host
