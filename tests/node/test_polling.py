"""Beside a real Orthanc: films in by every way, answers back into their study by every way."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom import Dataset

from absent import absent
from node_peers import (
    PATIENT,
    Orthanc,
    RunningNode,
    as_picture,
    dciodvfy_errors,
    eventually,
    film,
    free_port,
    needed,
    storescu,
)
from radistill.node.answer_uids import answer_uid
from radistill.node.jobs import JobStore
from template_1500 import walk

STUDY = PATIENT["StudyInstanceUID"]


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[Orthanc]:
    with Orthanc(tmp_path_factory.mktemp("orthanc"), port) as made:
        yield made


def dicom_target(orthanc: Orthanc) -> dict[str, Any]:
    port = orthanc.dicom
    return {
        "name": "pacs",
        "kind": "dicom",
        "ae_title": "ORTHANC",
        "host": "127.0.0.1",
        "port": port,
    }


def web(orthanc: Orthanc) -> dict[str, Any]:
    if not orthanc.PLUGIN.exists():
        absent("Orthanc has no DICOMweb: apt-get install orthanc-dicomweb")
    return {"kind": "dicomweb", "url": f"{orthanc.url}/dicom-web"}


@pytest.fixture
def clean(orthanc: Orthanc) -> Orthanc:
    orthanc.clear()
    return orthanc


def answers(orthanc: Orthanc, study: str = STUDY) -> list[Dataset]:
    return [one for one in orthanc.instances(study=study) if one.Modality in ("SR", "OT")]


def test_a_film_by_storescu_has_its_answers_in_orthanc(
    clean: Orthanc, port: int, tmp_path: Path
) -> None:
    """The whole way of docs/node.md: film to node, answers to PACS, read back and validated."""
    path = tmp_path / "film.dcm"
    path.write_bytes(film())
    clean.upload(film())
    with RunningNode(tmp_path / "node", port, targets=[dicom_target(clean)]) as node:
        assert "Success" in storescu(port, path)
        eventually(lambda: len(answers(clean)) == 2)
        # Twice changes nothing, not even after a restart.
        assert "Success" in storescu(port, path)
        node.stop()
        node.start()
        assert "Success" in storescu(port, path)
        eventually(lambda: node.counts()["delivered"] == 1)
        assert node.run("check", "--send").returncode == 0
    report, capture = sorted(answers(clean), key=lambda one: one.Modality, reverse=True)
    assert (report.Modality, capture.Modality) == ("SR", "OT")
    assert len({one.SeriesInstanceUID for one in clean.instances(study=STUDY)}) == 3
    walk(report, pydicom.dcmread(path, stop_before_pixels=True))
    for one in (report, capture):
        assert str(one.PatientName) == PATIENT["PatientName"]
        file = tmp_path / f"{one.Modality}.dcm"
        one.save_as(file)
        assert dciodvfy_errors(file) == []
    assert max(as_picture(tmp_path / "OT.dcm").shape) <= 1024
    page = tmp_path / "report.html"
    subprocess.run([needed("dsr2html", "dcmtk"), str(tmp_path / "SR.dcm"), str(page)], check=True)
    assert "Pneumonia" in page.read_text("latin-1")


def test_orthanc_forwards_by_c_store_and_its_answers_do_not_come_back(
    clean: Orthanc, port: int, tmp_path: Path
) -> None:
    with RunningNode(tmp_path, port, targets=[dicom_target(clean)]) as node:
        name = clean.upload(film())
        clean.post("modalities/node/store", name)
        eventually(lambda: len(answers(clean)) == 2)
        for one in clean.get("instances"):  # as an Orthanc would that forwards everything
            clean.post("modalities/node/store", one)
        assert len(answers(clean)) == 2
        assert sum(node.counts().values()) == 1


def test_changes_of_an_orthanc_are_polled(clean: Orthanc, tmp_path: Path) -> None:
    clean.upload(film(9))  # before the node: not answered
    source = {"kind": "orthanc", "url": clean.url, "seconds": 0.2}
    targets = [{**web(clean), "name": "pacs"}]
    with RunningNode(tmp_path, free_port(), senders=[], sources=[source], targets=targets) as node:
        eventually(lambda: node.cursor() is not None)
        for number in range(3):
            clean.upload(film(number))
        eventually(lambda: len(answers(clean)) == 6)
        node.kill()
        clean.upload(film(3))  # while it is away
        node.start()
        eventually(lambda: len(answers(clean)) == 8)
        eventually(lambda: node.counts()["delivered"] == 4)
    known = {one.SOPInstanceUID for one in answers(clean)}
    uid = pydicom.dcmread(BytesIO(film(9))).SOPInstanceUID
    model = answers(clean)[0].DeviceSerialNumber
    assert answer_uid("report", uid, model) not in known


def test_an_orthanc_that_begins_anew_is_polled_from_its_first_change(
    clean: Orthanc, tmp_path: Path
) -> None:
    source = {"kind": "orthanc", "url": clean.url, "seconds": 0.2}
    node = RunningNode(tmp_path, free_port(), senders=[], sources=[source])
    store = JobStore(tmp_path / "spool")
    store.set_cursor(f"orthanc {clean.url}", "1000000000")  # of an index that is gone
    store.close()
    with node:
        clean.upload(film())
        eventually(lambda: node.counts()["delivered"] == 1)


def test_a_dicomweb_server_is_polled(clean: Orthanc, tmp_path: Path) -> None:
    today = date.today().strftime("%Y%m%d")
    source = {**web(clean), "seconds": 0.2}
    targets = [{**web(clean), "name": "pacs"}]
    clean.upload(film(0, StudyDate=today))
    clean.upload(film(1, StudyDate="20200101", StudyInstanceUID="1.2.3.4"))  # too old
    with RunningNode(tmp_path, free_port(), senders=[], sources=[source], targets=targets) as node:
        eventually(lambda: len(answers(clean)) == 2)
        clean.upload(film(2, StudyDate=today))
        eventually(lambda: len(answers(clean)) == 4)
        assert sum(node.counts().values()) == 2


def test_a_folder_is_watched(tmp_path: Path) -> None:
    source = {"kind": "folder", "path": "in", "seconds": 0.1}
    with RunningNode(tmp_path, free_port(), senders=[], sources=[source]) as node:
        folder = tmp_path / "in"
        eventually(folder.is_dir)
        (folder / "film.dcm").write_bytes(film())
        (folder / "note.txt").write_text("no film")
        (folder / ".hidden").write_bytes(film(1))
        with (folder / "slow.dcm").open("wb") as slow:  # taken when it is whole
            content = film(2)
            for start in range(0, len(content), 1 + len(content) // 5):
                slow.write(content[start : start + 1 + len(content) // 5])
                slow.flush()
                time.sleep(0.15)
        eventually(lambda: node.counts()["delivered"] == 2)
        assert sorted(one.name for one in folder.iterdir()) == [".hidden", "refused"]
        assert (folder / "refused" / "note.txt").read_text() == "no film"
        assert len(node.answers()) == 4


def test_a_pacs_that_is_down_gets_everything_later(
    clean: Orthanc, port: int, tmp_path: Path
) -> None:
    paths = []
    for number in range(4):
        paths.append(tmp_path / f"{number}.dcm")
        paths[-1].write_bytes(film(number))
    both = [dicom_target(clean), {"name": "disk", "kind": "folder", "path": "answers"}]
    with RunningNode(tmp_path / "node", port, targets=both) as node:
        clean.stop()
        said = storescu(port, *paths)
        assert said.count("(Success)") == 4
        eventually(lambda: len(node.answers()) == 8)  # one target does not wait for the other
        assert node.counts()["answered"] == 4
        node.kill()
        node.start()
        assert node.counts()["answered"] == 4
        clean.start()
        eventually(lambda: node.counts()["delivered"] == 4)
        assert len(answers(clean)) == 8
        assert 'retries_total{target="pacs"}' in node.metrics()


def test_a_new_bundle_answers_new_films_and_known_ones_again(
    clean: Orthanc, port: int, tmp_path: Path
) -> None:
    from radistill.runtime.find_bundle import find_bundle
    from radistill.schema.card import FLOAT32, read_card

    bundle = tmp_path / "bundle"
    shutil.copytree(find_bundle(None), bundle)
    path = tmp_path / "film.dcm"
    path.write_bytes(film())
    targets = [dicom_target(clean)]
    with RunningNode(tmp_path / "node", port, targets=targets, bundle=str(bundle)) as node:
        assert "(Success)" in storescu(port, path)
        eventually(lambda: len(answers(clean)) == 2)
        # Another file of the same bundle runs: another model by its sha256.
        card = read_card(bundle / "card.json")
        (bundle / "card.json").write_text("{half")  # being copied
        assert "(Success)" in storescu(port, path)
        assert len(answers(clean)) == 2
        files = {key: value for key, value in card.files.items() if key in (FLOAT32, "README.md")}
        changed = card.model_copy(update={"files": files, "figures_of": FLOAT32})
        (bundle / "card.json").write_text(changed.model_dump_json())
        eventually(lambda: "by model" in node.log())
        assert "(Success)" in storescu(port, path)
        eventually(lambda: len(answers(clean)) == 4)
        assert {one.DeviceSerialNumber for one in answers(clean)} == {
            card.files[card.small_file],
            card.files[FLOAT32],
        }
