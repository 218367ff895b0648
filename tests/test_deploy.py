"""examples/deploy and examples/node: files that their tools accept, and proxies that a film goes
through."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2 as httpx
import pytest
import yaml

from absent import absent
from radistill.serve.client_tokens import read_tokens

from .brightness import bundle, films  # noqa: F401
from .servers import serving

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
DEPLOY = EXAMPLES / "deploy"
TOKEN = "t" * 24


def tool(name: str) -> str:
    folders = os.pathsep.join([os.environ["PATH"], "/usr/sbin", str(Path(sys.executable).parent)])
    return shutil.which(name, path=folders) or absent(f"{name} is not installed")


@pytest.mark.parametrize("file", sorted(EXAMPLES.rglob("Containerfile")), ids=str)
def test_container_files(file: Path) -> None:
    done = subprocess.run([tool("hadolint"), file], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("file", sorted(EXAMPLES.rglob("Containerfile")), ids=str)
def test_containers_are_built_without_npm_and_of_the_clone_alone(file: Path) -> None:
    """The images that they start from have no npm, which the page would need."""
    before, _, _ = file.read_text().partition("RUN pip install")
    assert "ENV RADISTILL_WITHOUT_PAGE=1\n" in before
    ignored = (EXAMPLES.parent / ".dockerignore").read_text().split()
    assert {".git", ".venv", "node_modules", "runs"} <= set(ignored)


def words() -> dict[str, list[str]]:
    """What each file runs `radistill` with."""
    (line,) = (
        line.removeprefix("ExecStart=")
        for line in (DEPLOY / "radistill-serve.service").read_text().splitlines()
        if line.startswith("ExecStart=")
    )
    container = (DEPLOY / "Containerfile").read_text().rpartition("\nCMD ")[2]
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["radistill"]
    return {
        "systemd": shlex.split(line)[1:],
        "container": json.loads(container),
        "compose": compose["command"],
    }


@pytest.mark.parametrize("kind", ["systemd", "container", "compose"])
def test_the_options_are_those_of_the_command(kind: str) -> None:
    command = [sys.executable, "-m", "radistill", "serve", "--help"]
    known = subprocess.check_output(command, text=True, env={**os.environ, "COLUMNS": "200"})
    first, *options = words()[kind]
    assert first == "serve"
    given = [word.partition("=")[0] for word in options if word.startswith("--")]
    assert given
    for option in given:
        assert f"{option} " in known, option


def test_compose_names_files_that_are_there() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    build = compose["services"]["radistill"]["build"]
    assert (DEPLOY / build["context"] / build["dockerfile"]).is_file()
    assert (DEPLOY / build["context"] / "pyproject.toml").is_file()
    mounts = [m.split(":")[0] for s in compose["services"].values() for m in s["volumes"]]
    assert "./Caddyfile" in mounts
    used = {network for service in compose["services"].values() for network in service["networks"]}
    assert used == set(compose["networks"])


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate of its own for localhost, and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    folder = tmp_path_factory.mktemp("certificate")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "certificate.pem").write_bytes(made.public_bytes(pem))
    kind, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(pem, kind, plain))
    return folder / "certificate.pem", folder / "key.pem"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def replaced(text: str, *pairs: tuple[str, str]) -> str:
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return text


Proxy = Callable[[int, int, tuple[Path, Path], Path], tuple[list[str], dict[str, str]]]


def nginx(port: int, upstream: int, pair: tuple[Path, Path], folder: Path) -> tuple[list, dict]:
    """The command that runs the example as nginx includes it, once `nginx -t` accepts it."""
    site = replaced(
        (DEPLOY / "nginx.conf").read_text(),
        ("127.0.0.1:8000", f"127.0.0.1:{upstream}"),
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("server_name xray.clinic", "server_name localhost"),
        ("/etc/ssl/radistill/certificate.pem", str(pair[0])),
        ("/etc/ssl/radistill/key.pem", str(pair[1])),
    )
    (folder / "site.conf").write_text(site)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    places = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    (folder / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {folder}/pid; error_log stderr;\n"
        f"events {{}}\nhttp {{\n{places}include {folder}/site.conf;\n}}\n"
    )
    command = [tool("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf")]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    return command, {}


def caddy(port: int, upstream: int, pair: tuple[Path, Path], folder: Path) -> tuple[list, dict]:
    """The same for Caddy and `caddy validate`, without the redirection from port 80."""
    file = folder / "Caddyfile"
    text = (DEPLOY / "Caddyfile").read_text()
    file.write_text(replaced(text, ("admin off", "admin off\n\tauto_https disable_redirects")))
    environment = {
        "HOME": str(folder),
        "XDG_DATA_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
        "RADISTILL_HOST": f"localhost:{port}",
        "RADISTILL_UPSTREAM": f"127.0.0.1:{upstream}",
        "RADISTILL_CERTIFICATE": f"{pair[0]} {pair[1]}",
    }
    options = ["--adapter", "caddyfile", "--config", str(file)]
    for checked in (file, DEPLOY / "Caddyfile"):
        done = subprocess.run(
            [tool("caddy"), "validate", "--adapter", "caddyfile", "--config", str(checked)],
            capture_output=True,
            text=True,
            env=environment if checked == file else {"HOME": str(folder)},
        )
        assert done.returncode == 0, done.stderr
    return [tool("caddy"), "run", *options], environment


@contextmanager
def running(command: list[str], environment: dict[str, str], port: int) -> Iterator[None]:
    process = subprocess.Popen(
        command, env={**os.environ, **environment}, stderr=subprocess.PIPE, text=True
    )
    try:
        end = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=5).close()
                break
            except ConnectionRefusedError:
                assert process.poll() is None, process.stderr and process.stderr.read()
                assert time.monotonic() < end
                time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.communicate(timeout=60)


@pytest.mark.parametrize("proxy", [nginx, caddy])
def test_a_film_goes_through(
    proxy: Proxy,
    certificate: tuple[Path, Path],
    bundle: Path,  # noqa: F811
    films: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    """TLS, the token, large bodies, and an id that is the proxy's and not the client's."""
    tokens = tmp_path / "tokens"
    tokens.write_text(f"ward {TOKEN}\n")
    tokens.chmod(0o600)
    assert read_tokens(tokens) == {"ward": TOKEN}
    port, trust = free_port(), ssl.create_default_context(cafile=str(certificate[0]))
    with serving(bundle, "--log", "json", "--tokens", tokens) as server:
        command, environment = proxy(port, server.port, certificate, tmp_path)
        headers = {"Authorization": f"Bearer {TOKEN}", "X-Request-ID": "by-the-client"}
        with (
            running(command, environment, port),
            httpx.Client(base_url=f"https://localhost:{port}", verify=trust, timeout=60) as client,
        ):
            assert "<html" in client.get("/").text
            assert client.get("/v1/bundle").status_code == 401
            film = (films / "film 0.png").read_bytes()
            sent = [("files", ("a.png", film)), ("files", ("b.bin", bytes(8 * 2**20)))]
            answer = client.post("/v1/predictions", files=sent, headers=headers)
            assert answer.status_code == 200, answer.text
            first, second = answer.json()["predictions"]
            assert (first["decision"], second["error"]["code"]) == ("normal", "not-an-image")
            assert client.post("/v1/predictions", content=bytes(65 * 2**20)).status_code == 413
        logged = [json.loads(line) for line in server.lines if line.startswith("{")]
    (post,) = [line for line in logged if line.get("status") == 200 and line["method"] == "POST"]
    assert post["client"] == "ward"
    assert post["request_id"] == answer.headers["x-request-id"] != "by-the-client"
