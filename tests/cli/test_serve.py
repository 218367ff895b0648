"""`radistill serve` as a whole command: what it says, and what it refuses to start with."""

from __future__ import annotations

import json
import re
import shutil
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import httpx2 as httpx
import pytest

from radistill.errors import UsageError
from radistill.serve import uvicorn_server

from ..servers import serving


def serve(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "radistill", "serve", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def test_on_this_machine_alone_no_token_is_needed(bundle: Path) -> None:
    with serving(bundle) as server:
        assert httpx.get(server.url + "/v1/bundle").json()["architecture"] == "brightness"
        assert httpx.get(server.url + "/config.json").json()["token_required"] is False
        rebound = httpx.get(server.url + "/v1/bundle", headers={"Host": "evil.example"})
        assert rebound.status_code == 421
    assert "not a medical device" in server.log
    assert "children of one hospital" in server.log
    assert "token" not in server.log


def test_for_the_network_a_token_is_made_and_shown_once(bundle: Path) -> None:
    with serving(bundle, "--host", "0.0.0.0") as server:
        (token,) = re.findall(r"token, shown this once: (\S+)", server.log)
        assert server.log.count(token) == 1
        assert len(token) >= 32
        assert httpx.get(server.url + "/v1/bundle").status_code == 401
        assert httpx.get(server.url + "/").status_code == 200
        headers = {"Authorization": f"Bearer {token}"}
        assert httpx.get(server.url + "/v1/bundle", headers=headers).status_code == 200
        other = headers | {"Host": "clinic.example"}
        assert httpx.get(server.url + "/v1/bundle", headers=other).status_code == 421
    assert server.log.count(token) == 1


def test_a_token_of_ones_own(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    token = "correct-horse-battery"
    monkeypatch.setenv("RADISTILL_TOKEN", token)
    with serving(bundle, "--allow-host", "xray.example") as server:
        headers = {"Authorization": f"Bearer {token}"}
        assert httpx.get(server.url + "/v1/bundle", headers=headers).status_code == 200
        named = {**headers, "Host": "xray.example"}
        assert httpx.get(server.url + "/v1/bundle", headers=named).status_code == 200
        assert httpx.get(server.url + "/v1/bundle").status_code == 401
    assert token not in server.log


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate of 127.0.0.1 and its key."""
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    openssl = shutil.which("openssl") or pytest.skip("needs openssl to make a certificate")
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", "/CN=test", "-out", certificate, "-keyout", key),
            *("-addext", "subjectAltName=IP:127.0.0.1"),
        ],
        check=True,
        capture_output=True,
    )
    return certificate, key


def test_https(bundle: Path, pair: tuple[Path, Path]) -> None:
    certificate, key = pair
    with serving(bundle, "--certificate", certificate, "--key", key) as server:
        trusted = ssl.create_default_context(cafile=str(certificate))
        url = server.url.replace("http:", "https:")
        with httpx.Client(verify=trusted) as client:
            assert client.get(url + "/v1/bundle").status_code == 200
            here = {"Origin": url, "Content-Type": "image/png"}
            assert client.post(url + "/v1/predictions", content=b"x", headers=here).is_success
        with pytest.raises(httpx.TransportError):
            httpx.get(server.url + "/healthz")
    assert "open https://127.0.0.1:" in server.log
    for wrong in (
        (certificate, None),
        (None, key),
        (key, certificate),
        (certificate, bundle / "x"),
    ):
        with pytest.raises(
            UsageError, match=r"give --certificate and --key|cannot be used for TLS"
        ):
            uvicorn_server.check_tls(*wrong)


@pytest.fixture
def damaged(bundle: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "damaged"
    shutil.copytree(bundle, folder)
    (folder / "model.onnx").write_bytes(b"not that")
    return folder


@pytest.fixture
def newer(bundle: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "newer"
    shutil.copytree(bundle, folder)
    card = json.loads((folder / "card.json").read_text("utf-8"))
    (folder / "card.json").write_text(json.dumps({**card, "format": 3}), "utf-8")
    return folder


def refused(words: str, *arguments: object) -> None:
    done = serve(*arguments)
    assert done.returncode == 2, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr) < 700
    assert done.stdout == ""


def test_bundles_that_cannot_be_used(damaged: Path, newer: Path, tmp_path: Path) -> None:
    refused("nowhere: no bundle", "--port", 0, "--bundle", tmp_path / "nowhere")
    refused("damaged or changed", "--port", 0, "--bundle", damaged)
    refused("this one has 3", "--port", 0, "--bundle", newer)


def test_addresses_that_cannot_be_used(bundle: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused("Give another --port", "--port", port, "--bundle", bundle)
    for host in ("192.0.2.1", "no.such.host.invalid"):
        with pytest.raises(UsageError, match="cannot listen there"):
            uvicorn_server.listen(host, 0)
