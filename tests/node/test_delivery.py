"""Targets that refuse, fail, hang or go away: what is tried again, and what becomes of the rest."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.uid import ImplicitVRLittleEndian
from pynetdicom import AE, AllStoragePresentationContexts, evt
from pynetdicom.sop_class import Verification

from node_peers import RunningNode, eventually, film, free_port, needed, storescu
from radistill.node import delivery
from radistill.node.delivery import TurnedDown, Unreachable, client_of
from radistill.node.node_config import DicomTarget, FolderTarget, WebTarget


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A report and a capture, as a node makes them."""
    folder = tmp_path_factory.mktemp("made")
    settings = folder / "node.yaml"
    target = "{name: disk, kind: folder, path: answers}"
    settings.write_text(f"targets: [{target}]\nsenders: [{{ae_title: X}}]\n")
    node = RunningNode(folder, free_port())
    assert node.run("check", "--send").returncode == 0
    made = sorted((folder / "answers").glob("*.dcm"))
    return sorted(made, key=lambda file: pydicom.dcmread(file).Modality, reverse=True)


@contextmanager
def peer(answer: Callable[[evt.Event], int], **options: Any) -> Iterator[DicomTarget]:
    """A storage SCP. options: contexts' transfer syntax, ssl_context."""
    ae = AE("PEER")
    ae.maximum_pdu_size = 16384
    for context in AllStoragePresentationContexts:
        ae.add_supported_context(
            str(context.abstract_syntax), options.get("syntax", context.transfer_syntax)
        )
    ae.add_supported_context(Verification)
    port = free_port()
    server = ae.start_server(
        ("127.0.0.1", port),
        block=False,
        evt_handlers=[(evt.EVT_C_STORE, answer)],
        ssl_context=options.get("tls"),
    )
    try:
        yield DicomTarget(kind="dicom", name="p", ae_title="PEER", host="127.0.0.1", port=port)
    finally:
        assert server is not None
        server.shutdown()


@contextmanager
def web(status: int, body: bytes = b"") -> Iterator[WebTarget]:
    """A STOW-RS server that always answers the same; status 0 answers nothing."""
    hung = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            if "Content-Length" in self.headers:
                self.rfile.read(int(self.headers["Content-Length"]))
            else:  # chunked
                while size := int(self.rfile.readline(), 16):
                    self.rfile.read(size + 2)
                self.rfile.readline()
            if status == 0:
                hung.wait(20)
                return
            self.send_response(status)
            self.send_header("Content-Type", "application/dicom+json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{server.server_address[1]}"
        yield WebTarget(kind="dicomweb", name="w", url=url)
    finally:
        hung.set()
        server.shutdown()
        server.server_close()


FAILED = b'{"00081198": {"vr": "SQ", "Value": [{"00081197": {"vr": "US", "Value": [%d]}}]}}'
ANSWERS: dict[str, tuple[int, bytes, type[Exception] | None]] = {
    "stored": (200, b"{}", None),
    "refused": (400, b"", TurnedDown),
    "not allowed": (403, b"", TurnedDown),
    "conflict": (409, b"", TurnedDown),
    "too many": (429, b"", Unreachable),
    "error": (500, b"", Unreachable),
    "unavailable": (503, b"", Unreachable),
    "failed": (200, FAILED % 0xA700, TurnedDown),
    "duplicate": (200, FAILED % 0x0111, None),
    "no DICOM": (200, b"<html>", TurnedDown),
    "nothing": (0, b"", Unreachable),
}


@pytest.mark.parametrize(("status", "body", "error"), ANSWERS.values(), ids=ANSWERS)
def test_stow_answers(
    files: list[Path],
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    body: bytes,
    error: type[Exception] | None,
) -> None:
    monkeypatch.setattr(delivery, "SECONDS", 1.0)
    with web(status, body) as target:
        client = client_of(target, "RADISTILL")
        if error is None:
            client.send(files)
        else:
            with pytest.raises(error):
                client.send(files)
    with pytest.raises(Unreachable):  # and when it is gone
        client.send(files)


def test_an_answer_that_a_power_cut_took_is_missed_whatever_the_target(tmp_path: Path) -> None:
    """So that it is made again, instead of holding up all that comes after it."""
    lost = [tmp_path / "1-report.dcm", tmp_path / "1-capture.dcm"]
    folder = FolderTarget(kind="folder", name="f", path=tmp_path / "out")
    with web(200, b"{}") as target, peer(lambda _: 0) as dicom:
        for one in (target, dicom, folder):
            client = client_of(one, "RADISTILL")
            with pytest.raises(FileNotFoundError):
                client.send(lost)
            client.rest()


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (0x0000, None),
        (0xB000, None),
        (0x0111, None),
        (0xA700, Unreachable),
        (0xA900, TurnedDown),
        (0xC000, TurnedDown),
        (0x0122, TurnedDown),
    ],
)
def test_c_store_statuses(files: list[Path], status: int, error: type[Exception] | None) -> None:
    with peer(lambda event: status) as target:
        client = client_of(target, "RADISTILL")
        client.check()
        if error is None:
            client.send(files)
        else:
            with pytest.raises(error):
                client.send(files)
        client.rest()


def test_every_message_of_a_peer_is_acknowledged_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    peers = []
    monkeypatch.setattr(delivery, "acknowledge_at_once", peers.append)
    with peer(lambda event: 0) as target:
        client = client_of(target, "RADISTILL")
        client.check()
        first = len(peers)
        client.check()
        client.rest()
    assert 0 < first < len(peers)
    assert isinstance(peers[0], socket.socket)


def test_a_peer_of_implicit_vr_gets_the_same_objects(files: list[Path]) -> None:
    got = []

    def take(event: evt.Event) -> int:
        got.append(event.dataset)
        return 0

    with peer(take, syntax=ImplicitVRLittleEndian) as target:
        client = client_of(target, "RADISTILL")
        client.send(files)
        client.rest()
    for file, one in zip(files, got, strict=True):
        sent = pydicom.dcmread(file)
        assert one.SOPInstanceUID == sent.SOPInstanceUID
        assert len(one) == len(sent)


def test_a_peer_that_is_not_there_or_aborts(
    files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def abort(event: evt.Event) -> int:
        event.assoc.abort()
        return 0

    with peer(abort) as target:
        client = client_of(target, "RADISTILL")
        with pytest.raises(Unreachable):
            client.send(files)
    with pytest.raises(Unreachable, match="does not answer"):
        client.send(files)
    monkeypatch.setattr(delivery, "SECONDS", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, says nothing
        mute = target.model_copy(update={"port": silent.getsockname()[1]})
        began = time.monotonic()
        with pytest.raises(Unreachable):
            client_of(mute, "RADISTILL").send(files)
        assert time.monotonic() - began < 10


def test_a_folder_that_cannot_be_written(files: list[Path], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    target = FolderTarget(kind="folder", name="f", path=tmp_path / "file")
    with pytest.raises(Unreachable):
        client_of(target, "RADISTILL").send(files)


def certificates(folder: Path) -> dict[str, Path]:
    """An authority, and certificates of it for `node` and `peer`, by openssl."""
    openssl = needed("openssl", "openssl")

    def run(*arguments: str) -> None:
        subprocess.run([openssl, *arguments], cwd=folder, check=True, capture_output=True)

    new = ("req", "-newkey", "rsa:2048", "-nodes", "-subj")
    run(*new, "/CN=authority", "-x509", "-keyout", "ca.key", "-out", "ca.pem")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    for name in ("node", "peer"):
        run(*new, f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        signed = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names")
        run("x509", "-req", "-in", f"{name}.csr", *signed, "-out", f"{name}.pem")
    return {file.name: file for file in folder.iterdir()}


def test_tls_both_ways_with_client_certificates(tmp_path: Path) -> None:
    made = certificates(tmp_path)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(made["peer.pem"], made["peer.key"])
    server.load_verify_locations(made["ca.pem"])
    server.verify_mode = ssl.CERT_REQUIRED
    got: list[str] = []

    def take(event: evt.Event) -> int:
        got.append(event.dataset.Modality)
        return 0

    tls = {
        "certificate": str(made["node.pem"]),
        "key": str(made["node.key"]),
        "authority": str(made["ca.pem"]),
    }
    (tmp_path / "film.dcm").write_bytes(film())
    port = free_port()
    with peer(take, tls=server) as target:
        settings = {**target.model_dump(), "tls": tls}
        with RunningNode(tmp_path / "node", port, targets=[settings], tls=tls) as node:
            with socket.create_connection(("127.0.0.1", port)):  # holds up nobody
                assert "(Success)" not in storescu(port, tmp_path / "film.dcm")
                known = ["+tls", str(made["peer.key"]), str(made["peer.pem"])]
                known += ["+cf", str(made["ca.pem"])]
                assert "(Success)" in storescu(port, tmp_path / "film.dcm", options=known)
                unknown = ["+tla", "+cf", str(made["ca.pem"])]
                assert "(Success)" not in storescu(port, tmp_path / "film.dcm", options=unknown)
            eventually(lambda: node.counts()["delivered"] == 1)
    assert sorted(got) == ["OT", "SR"]


def test_dead_letters_are_shown_and_sent_again(tmp_path: Path) -> None:
    statuses = [0xC000]

    def answer(event: evt.Event) -> int:
        return statuses[0]

    (tmp_path / "film.dcm").write_bytes(film())
    port = free_port()
    with peer(answer) as target:
        retries = {"first": 0.05, "longest": 0.1, "refusals": 3}
        targets = [target.model_dump(exclude_none=True)]
        with RunningNode(tmp_path / "node", port, targets=targets, retries=retries) as node:
            assert "(Success)" in storescu(port, tmp_path / "film.dcm")
            eventually(lambda: node.counts()["dead"] == 1)
            assert "delivery: p: status 0xC000" in node.run("jobs").stdout
            statuses[0] = 0
            assert "1 dead letters" in node.run("jobs", "--again").stdout
            eventually(lambda: node.counts()["delivered"] == 1)
            said = node.metrics()
    assert 'radistill_node_retries_total{target="p"} 3.0' in said
    assert "radistill_node_seconds_count 1.0" in said
