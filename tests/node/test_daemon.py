"""The service as its operator sees it: start, stop, status, one instance, log, packaging."""

from __future__ import annotations

import ctypes
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest
import requests
import yaml

from node_peers import PATIENT, RunningNode, eventually, film, free_port, storescu
from radistill.node import daemon
from radistill.node.jobs import JobStore
from radistill.node.judge_process import STOP, JudgeProcess
from radistill.node.listener import Listener
from radistill.node.node_config import NodeConfig

from ..command_line import Command

ROOT = Path(__file__).resolve().parents[2]


def test_a_node_has_its_spool_alone(tmp_path: Path) -> None:
    with RunningNode(tmp_path, free_port()) as node:
        second = node.run()
        assert second.returncode == 2
        assert "another node works on this spool" in second.stderr.replace("\n", " ")
        assert node.health() == {"status": "ok", "problems": []}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_when_asked_and_goes_on_with_what_it_has(tmp_path: Path, number: int) -> None:
    port = free_port()
    path = tmp_path / "film.dcm"
    path.write_bytes(film())
    target = {"name": "p", "kind": "dicom", "ae_title": "P", "host": "127.0.0.1"}
    with RunningNode(tmp_path, port, targets=[{**target, "port": free_port()}]) as node:
        assert "(Success)" in storescu(port, path)
        eventually(lambda: node.counts()["answered"] == 1)
        assert node.process is not None
        node.process.send_signal(number)
        assert node.process.wait(180) == 0
        assert "stopped" in node.log()
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", port))
        node.start()
        assert node.counts()["answered"] == 1
        assert node.stop() == 0


def test_it_stops_whichever_of_its_threads_gets_the_signal(tmp_path: Path) -> None:
    with RunningNode(tmp_path, free_port()) as node:
        assert node.process is not None
        number = node.process.pid
        threads = [int(one.name) for one in Path(f"/proc/{number}/task").iterdir()]
        (other, *_) = (one for one in threads if one != number)
        assert ctypes.CDLL(None).tgkill(number, other, signal.SIGTERM) == 0
        assert node.process.wait(60) == 0


def test_what_answers_films_waits_for_the_end_of_its_input(tmp_path: Path) -> None:
    """Else Python aborts it, with a core dump: a thread still reads."""
    target = {"name": "disk", "kind": "folder", "path": tmp_path}
    config = NodeConfig.model_validate({"targets": [target], "spool": {"path": tmp_path}})
    with JobStore(tmp_path).held() as lock:
        judge = JudgeProcess(config, JobStore(tmp_path), lock)
        judge.start()
        assert judge._process is not None
        assert judge._process.stdin is not None
        os.write(judge._process.stdin.fileno(), STOP)
        with suppress(subprocess.TimeoutExpired):
            judge._process.wait(5)
        judge.end()
        assert judge._process.wait() == 0


def test_it_is_well_only_once_it_listens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = []
    monkeypatch.setattr(JudgeProcess, "start", lambda self: begun.append("judge"))
    monkeypatch.setattr(Listener, "start", lambda self: begun.append("listener"))
    monkeypatch.setattr(Listener, "port", 0)
    monkeypatch.setattr(daemon, "StatusServer", lambda *_: begun.append("status"))
    values = {"senders": [{"ae_title": "A"}], "spool": {"path": tmp_path}, "status": {}}
    target = {"name": "disk", "kind": "folder", "path": tmp_path}
    config = NodeConfig.model_validate({"targets": [target], **values})
    stop = threading.Event()
    stop.set()
    node = daemon.Node(config, JobStore(tmp_path / "spool"), 0)
    monkeypatch.setattr(node, "_work", {})
    node.start(stop)
    assert begun == ["judge", "listener", "status"]


def test_a_ledger_that_was_cut_while_the_node_stood_still_is_noticed(tmp_path: Path) -> None:
    port = free_port()
    with RunningNode(tmp_path, port) as node:
        for number in range(3):
            (tmp_path / "film.dcm").write_bytes(film(number))
            assert "(Success)" in storescu(port, tmp_path / "film.dcm")
        eventually(lambda: node.counts()["delivered"] == 3)
        node.stop()
        (ledger,) = (tmp_path / "ledger").glob("*.jsonl")
        lines = ledger.read_bytes().splitlines(keepends=True)
        node.start()
        node.stop()
        assert "ledger" not in node.log()
        ledger.write_bytes(lines[0])
        node.start()
        node.stop()
        assert "lines of the ledger are missing" in node.log()


def test_log_lines_are_json_where_asked(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "film.dcm").write_bytes(film())
    with RunningNode(tmp_path, port, log="json") as node:
        assert "(Success)" in storescu(port, tmp_path / "film.dcm")
        storescu(port, tmp_path / "film.dcm", calling="STRANGER")
        eventually(lambda: node.counts()["delivered"] == 1)
    lines = [json.loads(line) for line in node.log().splitlines() if line.strip()]
    assert {"info", "warning"} <= {line["level"] for line in lines}
    assert all(set(line) == {"time", "level", "message"} for line in lines)
    assert PATIENT["PatientID"] not in node.log()


def test_the_status_page_shows_state_and_no_patient(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "film.dcm").write_bytes(film())
    with RunningNode(tmp_path, port) as node:
        assert "(Success)" in storescu(port, tmp_path / "film.dcm")
        eventually(lambda: node.counts()["delivered"] == 1)
        url = f"http://127.0.0.1:{node.status}"
        page = requests.get(url, timeout=5)
        assert "<th scope=row>delivered</th><td>1</td>" in page.text
        assert PATIENT["PatientID"] not in page.text
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
        assert requests.get(f"{url}/other", timeout=5).status_code == 404
        assert requests.post(url, timeout=5).status_code == 501


def test_settings_that_do_not_work_are_said_at_once(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        node = RunningNode(tmp_path, taken.getsockname()[1])
        done = node.run()
        assert done.returncode == 2
        assert "cannot listen there" in done.stderr
    for wrong, said in (
        ({"senders": []}, "senders, or sources"),
        ({"bundle": "nowhere"}, "no bundle"),
        ({"tls": {"certificate": "none.pem", "key": "none.key"}}, "none.pem"),
        ({"senders": [{"ae_title": "A", "host": "no.such.host.invalid"}]}, "no.such.host"),
    ):
        done = RunningNode(tmp_path, free_port(), **wrong).run()
        assert done.returncode == 2, done.stderr
        assert said in done.stderr.replace("\n", " ")
    missing = [sys.executable, "-m", "radistill", "node", "--config", str(tmp_path / "no.yaml")]
    assert subprocess.run(missing, capture_output=True).returncode == 2


def test_init_writes_a_file_once(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "radistill", "node", "init"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True).returncode == 0
    assert yaml.safe_load((tmp_path / "node.yaml").read_text())["ae_title"] == "RADISTILL"
    again = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert again.returncode == 2
    assert "is there already" in again.stderr


def test_init_writes_the_file_that_config_names(radistill: Command, tmp_path: Path) -> None:
    done = radistill("node", "--config", tmp_path / "ours.yaml", "init")
    assert done.returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["ours.yaml"]


def test_check_names_what_fails(tmp_path: Path) -> None:
    target = {"name": "p", "kind": "dicom", "ae_title": "P", "host": "127.0.0.1"}
    source = {"kind": "orthanc", "url": f"http://127.0.0.1:{free_port()}"}
    node = RunningNode(
        tmp_path,
        free_port(),
        targets=[{**target, "port": free_port()}, {"name": "d", "kind": "folder", "path": "d"}],
        sources=[source],
    )
    done = node.run("check", "--send")
    assert done.returncode == 1
    assert re.search(r"target p: 127\.0\.0\.1 port \d+ does not answer", done.stderr)
    for line in ("bundle: ok", "disk: ok", "target d: ok"):
        assert line in done.stderr
    assert "source orthanc: ok" not in done.stderr
    assert len(list((tmp_path / "d").glob("*.dcm"))) == 2


def test_other_commands_import_nothing_of_dicom_networking() -> None:
    code = (
        "import sys, radistill.cli.commands, radistill.runtime, radistill.node, radistill.serve\n"
        "from radistill.cli import predict, serve\n"
        "names = ('pynetdicom', 'highdicom', 'dicomweb_client', 'requests', 'prometheus_client')\n"
        "print([name for name in names if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_the_unit_and_the_container_start_this_command() -> None:
    unit = (ROOT / "examples" / "node" / "radistill-node.service").read_text()
    container = (ROOT / "examples" / "node" / "Containerfile").read_text()
    assert "radistill node --config" in unit
    assert '"radistill", "node", "--config"' in container
    assert "USER 10001" in container


def judge_of(node: RunningNode) -> int:
    """The process that answers films."""
    assert node.process is not None
    tasks = Path(f"/proc/{node.process.pid}/task").glob("*/children")
    (number,) = {int(word) for task in tasks for word in task.read_text().split()}
    return number


def test_what_answers_films_is_started_again(tmp_path: Path) -> None:
    (tmp_path / "film.dcm").write_bytes(film())
    with RunningNode(tmp_path / "node", free_port()) as node:
        os.kill(judge_of(node), signal.SIGKILL)
        eventually(lambda: "starts again" in node.log())
        assert "(Success)" in storescu(node.port, tmp_path / "film.dcm")
        eventually(lambda: node.counts()["delivered"] == 1)
        eventually(lambda: node.health() == {"status": "ok", "problems": []})


def test_a_film_that_ends_it_again_and_again_is_a_dead_letter(tmp_path: Path) -> None:
    (tmp_path / "film.dcm").write_bytes(film())
    with RunningNode(tmp_path / "node", free_port()) as node:
        with sqlite3.connect(tmp_path / "node" / "spool" / "jobs.sqlite") as sql:
            sql.execute(
                "CREATE TRIGGER tried AFTER INSERT ON jobs BEGIN "
                "UPDATE jobs SET attempts = 10 WHERE id = new.id; END"
            )
        assert "(Success)" in storescu(node.port, tmp_path / "film.dcm")
        eventually(lambda: node.counts()["dead"] == 1)
        assert "ended 10 times over it" in node.run("jobs").stdout
        (number,) = re.findall(r"job (\d+): answer", node.run("jobs").stdout)
        assert node.run("jobs", "--drop", number).returncode == 0
        assert node.run("jobs", "--drop", number).returncode == 2
        assert sum(node.counts().values()) == 0


def test_nothing_of_a_killed_node_goes_on(tmp_path: Path) -> None:
    """Its second process ends by itself, and a node that comes at once waits for that."""
    with RunningNode(tmp_path / "node", free_port()) as node:
        judge = judge_of(node)
        node.kill()
        node.start()
        # It lets go of the spool as it ends; the process table forgets it a moment later.
        eventually(lambda: not Path(f"/proc/{judge}").exists())
