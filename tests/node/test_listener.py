"""C-STORE from peers of every kind: good films in every syntax, bad films, and bad peers."""

from __future__ import annotations

import json
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.uid import (
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    EncapsulatedPDFStorage,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    RLELossless,
)
from pynetdicom import AE, build_context
from pynetdicom.sop_class import Verification

from bad_files import BAD
from dicoms import dicom, shipped
from node_peers import PATIENT, RunningNode, chest, eventually, film, free_port, needed, storescu
from radistill.node.listener import acknowledge_at_once
from template_1500 import walk

UIDS = {name: PATIENT[name] for name in ("StudyInstanceUID", "SeriesInstanceUID")}


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNode]:
    with RunningNode(tmp_path_factory.mktemp("node"), free_port()) as made:
        yield made


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNode]:
    limits = {"megabytes": 1, "silence": 1.5, "films_per_minute": 8}
    senders = [{"ae_title": "STORESCU"}, {"ae_title": "ELSEWHERE", "host": "192.0.2.1"}]
    folder = tmp_path_factory.mktemp("strict")
    with RunningNode(folder, free_port(), limits=limits, senders=senders) as made:
        yield made


def send(node: RunningNode, content: bytes) -> int:
    """The status for the bytes of a file, sent as they are."""
    meta = pydicom.filereader._read_file_meta_info(BytesIO(content[132:]))
    length = struct.unpack_from("<I", content, 140)[0]
    ae = AE("STORESCU")
    association = ae.associate(
        "127.0.0.1",
        node.port,
        contexts=[build_context(meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID)],
        ae_title="RADISTILL",
    )
    assert association.is_established
    request = pynetdicom_request(meta, content[144 + length :])
    (context,) = association.accepted_contexts
    association._reactor_checkpoint.clear()  # as pynetdicom's own requests do: it would take it
    eventually(lambda: association._is_paused)
    association.dimse.send_msg(request, context.context_id)
    _, answer = association.dimse.get_msg(block=True)
    association.release()
    return -1 if answer is None else int(answer.Status)


def pynetdicom_request(meta: pydicom.Dataset, body: bytes) -> object:
    from pynetdicom.dimse_primitives import C_STORE

    request = C_STORE()
    request.MessageID = 1
    request.AffectedSOPClassUID = meta.MediaStorageSOPClassUID
    request.AffectedSOPInstanceUID = meta.MediaStorageSOPInstanceUID
    request.Priority = 2
    request.DataSet = BytesIO(body)
    return request


def echo(node: RunningNode) -> bool:
    ae = AE("STORESCU")
    ae.add_requested_context(Verification)
    association = ae.associate("127.0.0.1", node.port, ae_title="RADISTILL")
    done = association.is_established and association.send_c_echo().get("Status") == 0
    if association.is_established:
        association.release()
    return bool(done)


def settled(node: RunningNode, count: int) -> bool:
    counts = node.counts()
    return counts["delivered"] + counts["dead"] >= count


def total(node: RunningNode) -> int:
    return sum(node.counts().values())


def every_syntax() -> dict[str, bytes]:
    """A film in each syntax that is read, each of another instance."""
    made = {}
    grey = (chest(seed=9) >> 4).astype(np.uint8)
    for number, syntax in enumerate(
        (ImplicitVRLittleEndian, ExplicitVRBigEndian, RLELossless, JPEG2000Lossless)
    ):
        made[syntax] = film(100 + number, syntax=syntax)
    made[JPEGBaseline8Bit] = film(110, pixels=grey, syntax=JPEGBaseline8Bit)
    made[DeflatedExplicitVRLittleEndian] = film(111, syntax=DeflatedExplicitVRLittleEndian)
    for number, name in enumerate(
        ("RG1_UNCR.dcm", "RG1_J2KR.dcm", "JPEG-LL.dcm", "MR_small_jpeg_ls_lossless.dcm")
    ):
        uid = f"1.2.826.0.1.3680043.8.498.3.{number}"
        made[name] = shipped(name, SOPInstanceUID=uid, **UIDS)
    return made


def test_answers_equal_predict_to_the_digit(node: RunningNode, tmp_path: Path) -> None:
    films = every_syntax()
    before = total(node)
    paths = []
    for number, content in enumerate(films.values()):
        paths.append(tmp_path / f"{number}.dcm")
        paths[-1].write_bytes(content)
        assert send(node, content) == 0
    eventually(lambda: settled(node, before + len(films)))
    command = [sys.executable, "-m", "radistill", "predict", "--any-population", *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True)
    reports = {
        one.CurrentRequestedProcedureEvidenceSequence[0]
        .ReferencedSeriesSequence[0]
        .ReferencedSOPSequence[0]
        .ReferencedSOPInstanceUID: one
        for one in node.answers()
        if one.Modality == "SR"
    }
    for line in map(json.loads, done.stdout.splitlines()):
        header = pydicom.dcmread(line["path"], stop_before_pixels=True)
        if "error" in line:  # a file that is not read: no report
            assert header.SOPInstanceUID not in reports
            continue
        rows = walk(reports[header.SOPInstanceUID], header)
        assert rows["probability"] == line["probability"]
        assert rows["threshold"] == line["threshold"]
        assert rows["reasons"] == line["reasons"]
        assert (rows["decision"][0] == "82334004") == (line["decision"] == "abstain")


def test_storescu_sends_a_film_of_each_kind(node: RunningNode, tmp_path: Path) -> None:
    path = tmp_path / "film.dcm"
    path.write_bytes(film(300))
    before = total(node)
    assert "Received Store Response (Success)" in storescu(node.port, path)
    eventually(lambda: settled(node, before + 1))


@pytest.mark.parametrize("name", [name for name in BAD if name.startswith("DICOM: ")])
def test_bad_films_are_refused_or_become_dead_letters(node: RunningNode, name: str) -> None:
    code, make = BAD[name]
    content = make()
    marked = content.replace(b"\x28\x00\x02\x00US", with_uids() + b"\x28\x00\x02\x00US", 1)
    before, answers = total(node), len(node.answers())
    try:
        status = send(node, marked)
    except (AttributeError, struct.error, ValueError, AssertionError):
        pytest.skip("no C-STORE could carry it: no file meta, or no SOP class of storage")
    if status == 0:
        eventually(lambda: settled(node, before + 1))
        assert f": {code}: " in node.run("jobs").stdout
    assert echo(node)
    assert len(node.answers()) == answers


def with_uids() -> bytes:
    """Study and series, as elements of an explicit little endian file."""
    made = b""
    for element, value in ((0x0D, "1.2.3.4"), (0x0E, "1.2.3.4.5")):
        text = value.encode() + b"\0" * (len(value) % 2)
        made += struct.pack("<HH2sH", 0x20, element, b"UI", len(text)) + text
    return made


def test_other_classes_are_refused_by_status_and_counted(node: RunningNode) -> None:
    for uid in (CTImageStorage, EncapsulatedPDFStorage, "1.2.840.10008.5.1.4.1.1.88.22"):
        assert send(node, dicom(SOPClassUID=uid)) == 0x0122
    assert 'radistill_node_refusals_total{reason="sop-class"}' in node.metrics()


@pytest.mark.parametrize("name", ["StudyInstanceUID", "SeriesInstanceUID"])
def test_a_film_without_identifiers_is_refused(node: RunningNode, name: str) -> None:
    before = total(node)
    assert send(node, film(400, **{name: None})) == 0xC000
    assert total(node) == before
    assert f'reason="no-{name}"' in node.metrics()


def test_one_instance_uid_and_other_pixels_never_share_an_answer(node: RunningNode) -> None:
    before = total(node)
    assert send(node, film(500)) == 0
    eventually(lambda: settled(node, before + 1))
    answers = len(node.answers())
    uid = pydicom.dcmread(BytesIO(film(500))).SOPInstanceUID
    assert send(node, film(501, SOPInstanceUID=uid)) == 0
    eventually(lambda: settled(node, before + 2))
    assert "other-pixels" in node.run("jobs").stdout
    # The same picture in another encoding, or with a corrected header, is the same film.
    assert send(node, film(500, syntax=RLELossless)) == 0
    assert send(node, film(500, PatientName="Corrected^Name")) == 0
    eventually(lambda: settled(node, before + 4))
    assert send(node, film(500)) == 0
    assert len(node.answers()) == answers


def test_own_answers_that_come_back_are_not_answered(node: RunningNode) -> None:
    assert send(node, film(600)) == 0
    eventually(lambda: node.answers() and settled(node, total(node)))
    (capture, *_) = [one for one in node.answers() if one.Modality == "OT"]
    before = total(node)
    file = BytesIO()
    pydicom.dcmwrite(file, capture)
    assert send(node, file.getvalue()) == 0
    assert total(node) == before
    assert 'radistill_node_ignored_total{why="own-answer"}' in node.metrics()


@pytest.mark.parametrize(
    ("calling", "called"), [("STRANGER", "RADISTILL"), ("STORESCU", "SOMEBODY"), ("", "RADISTILL")]
)
def test_unknown_titles_are_rejected(
    node: RunningNode, tmp_path: Path, calling: str, called: str
) -> None:
    path = tmp_path / "film.dcm"
    path.write_bytes(film(700))
    before = total(node)
    said = storescu(node.port, path, calling=calling or "ANY", called=called)
    assert "Association Rejected" in said
    assert total(node) == before
    assert 'reason="association"' in node.metrics()


def test_a_title_from_another_address_is_rejected(strict: RunningNode, tmp_path: Path) -> None:
    path = tmp_path / "film.dcm"
    path.write_bytes(film(700))
    assert "Association Rejected" in storescu(strict.port, path, calling="ELSEWHERE")


def test_dcmtks_echoscu_is_answered(node: RunningNode) -> None:
    command = [needed("echoscu", "dcmtk"), "-aet", "STORESCU", "-aec", "RADISTILL", "127.0.0.1"]
    assert subprocess.run([*command, str(node.port)]).returncode == 0


@pytest.mark.skipif(not hasattr(socket, "TCP_QUICKACK"), reason="acknowledges in other ways")
def test_a_peer_that_answers_in_pieces_does_not_wait_for_us() -> None:
    """As Orthanc does: it sends the second once the first is acknowledged, else after 40 ms."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        ours = socket.create_connection(server.getsockname())
        theirs, _ = server.accept()
    seconds = []
    with ours, theirs:
        for _ in range(40):
            ours.sendall(b"request")
            theirs.recv(100)
            start = time.perf_counter()
            theirs.sendall(b"header")
            theirs.sendall(b"body")
            acknowledge_at_once(ours)
            assert ours.recv(6) == b"header"
            assert ours.recv(4) == b"body"
            seconds.append(time.perf_counter() - start)
    # At first Linux acknowledges at once by itself; later ones may be late on a busy machine.
    assert min(seconds[20:]) < 0.02


def ended(peer: socket.socket, seconds: float = 10) -> bool:
    """Whether the node closes the connection."""
    peer.settimeout(seconds)
    try:
        while peer.recv(4096):
            pass
    except ConnectionError:
        pass
    except TimeoutError:
        return False
    return True


def said_one_more(peer: socket.socket) -> bool:
    """Whether a byte could still be sent, after a while."""
    time.sleep(0.1)
    try:
        peer.sendall(b"\0")
    except OSError:
        return False
    return True


def test_peers_that_flood_or_say_nothing_are_closed(strict: RunningNode) -> None:
    def connect() -> socket.socket:
        return socket.create_connection(("127.0.0.1", strict.port))

    with connect() as flood:
        flood.sendall(b"\x04\0" + struct.pack(">I", 0xFFFFFFFF) + bytes(1000))
        assert ended(flood)
    with connect() as garbage:
        garbage.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert ended(garbage)
    with connect() as silent:
        assert ended(silent)
    with connect() as half:  # a request that stops in its middle
        half.sendall(b"\x01\0" + struct.pack(">I", 200) + bytes(20))
        assert ended(half)
    with connect() as slow:
        slow.sendall(b"\x01\0" + struct.pack(">I", 200))
        assert not all(said_one_more(slow) for _ in range(100))
    assert echo(strict)


def test_no_more_associations_than_allowed(tmp_path: Path) -> None:
    ae = AE("STORESCU")
    ae.add_requested_context(Verification)
    with RunningNode(tmp_path, free_port(), limits={"associations": 2}) as node:
        held = [ae.associate("127.0.0.1", node.port, ae_title="RADISTILL") for _ in range(3)]
        assert [one.is_established for one in held] == [True, True, False]
        for one in held[:2]:
            one.release()
        eventually(lambda: echo(node), 10)


def test_films_that_are_too_large_end_their_association(strict: RunningNode) -> None:
    large = film(800, pixels=np.zeros((2000, 2000), np.uint16))
    assert send(strict, large) == -1
    smaller = film(801, pixels=np.zeros((800, 800), np.uint16))
    assert send(strict, smaller) == 0xC000
    assert echo(strict)
    assert strict.counts()["received"] == 0


def test_a_sender_has_a_rate(strict: RunningNode) -> None:
    statuses = [send(strict, film(900 + number)) for number in range(10)]
    assert 0xA700 in statuses
    assert 'reason="rate"' in strict.metrics()


def test_a_broken_association_leaves_no_job(node: RunningNode) -> None:
    before = total(node)
    made = pydicom.dcmread(BytesIO(film(950)))
    ae = AE("STORESCU")
    ae.add_requested_context(made.SOPClassUID, made.file_meta.TransferSyntaxUID)
    association = ae.associate("127.0.0.1", node.port, ae_title="RADISTILL", max_pdu=4096)
    request = pynetdicom_request(made.file_meta, bytes(10**6))
    primitives = association.dimse  # half of the film, then nothing
    original = association.dul.send_pdu
    sent = []

    def some(primitive: object) -> None:
        if len(sent) < 20:
            sent.append(primitive)
            original(primitive)

    association.dul.send_pdu = some  # type: ignore[method-assign]
    primitives.send_msg(request, association.accepted_contexts[0].context_id)
    time.sleep(0.5)
    association.dul.socket.close()
    time.sleep(0.5)
    association.kill()
    assert total(node) == before
    assert echo(node)


def test_a_full_disk_refuses_before_it_hurts(tmp_path: Path) -> None:
    spool = {"free_megabytes": 10**9}
    with RunningNode(tmp_path, free_port(), spool=spool) as node:
        assert send(node, film()) == 0xA700
        assert total(node) == 0
        health = node.health()
        assert health is not None
        assert health["status"] == "failing"
        assert 'reason="no-room"' in node.metrics()
        assert node.run("check").returncode == 1


def test_nothing_of_a_patient_is_in_log_or_metrics(node: RunningNode) -> None:
    said = node.log() + node.metrics()
    for name in ("PatientName", "PatientID", "AccessionNumber", "StudyInstanceUID"):
        assert PATIENT[name] not in said
    assert "Corrected" not in said
    assert "Traceback" not in said
    ledger = "".join(file.read_text() for file in (node.folder / "ledger").iterdir())
    assert PATIENT["StudyInstanceUID"] not in ledger
    assert json.loads(ledger.splitlines()[-1])["time"]
    assert "none changed" in node.run("ledger", "verify").stdout
