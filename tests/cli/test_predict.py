"""`radistill predict` as a whole command."""

from __future__ import annotations

import csv
import io
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ..command_line import Command

HEAVY = ("torch", "timm", "sklearn", "scipy", "matplotlib", "onnx", "pandas", "accelerate")


def predict(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "radistill", "predict", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, **options)


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_folder_to_json_lines(bundle: Path, films: Path) -> None:
    done = predict(films, "--bundle", bundle)
    assert done.returncode == 0, done.stderr
    records = lines(done.stdout)
    assert [Path(str(r["path"])).name for r in records] == [f"film {i}.png" for i in range(10)]
    assert {r["decision"] for r in records} == {"normal", "pneumonia"}
    assert "not a medical device" in done.stderr
    assert done.stderr.count("children of one hospital") == 1
    assert "5 normal" in done.stderr or "4 normal" in done.stderr


def test_nothing_is_left_in_the_home_or_told_to_anybody(
    bundle: Path, films: Path, tmp_path: Path
) -> None:
    """ONNX Runtime keeps an id of the device there, and sends what it counts to its makers."""
    home = tmp_path / "home"
    home.mkdir()
    kept = {k: v for k, v in os.environ.items() if k != "CI" and not k.startswith(("XDG", "ORT"))}
    done = predict(films, "--bundle", bundle, env={**kept, "HOME": str(home)})
    assert done.returncode == 0, done.stderr
    assert list(home.rglob("*")) == []


def test_bad_files_give_status_1_and_the_rest_go_on(bundle: Path, films: Path) -> None:
    (films / "a.jpeg").write_text("<html>not found</html>")
    done = predict(films, films / "nowhere.png", "--bundle", bundle)
    assert done.returncode == 1
    records = lines(done.stdout)
    assert len(records) == 12
    errors = {Path(str(r["path"])).name: r["error"] for r in records if "error" in r}
    assert set(errors) == {"a.jpeg", "nowhere.png"}
    assert errors["nowhere.png"]["code"] == "missing"  # type: ignore[index]
    assert "2 unreadable" in done.stderr
    assert "Traceback" not in done.stderr


def test_table_and_csv_say_the_same(bundle: Path, films: Path, tmp_path: Path) -> None:
    (films / "bad.png").touch()
    table = predict(films, "--bundle", bundle, "--format", "table")
    out = tmp_path / "deep" / "results.csv"
    written = predict(films, "--bundle", bundle, "--out", out)
    assert written.stdout == ""
    assert table.returncode == written.returncode == 1
    rows = list(csv.DictReader(out.open(encoding="utf-8")))
    assert len(rows) == len(table.stdout.splitlines()) == 11
    for row, line in zip(rows, table.stdout.splitlines(), strict=True):
        assert row["path"] in line
        assert line.startswith("unreadable" if row["error_code"] else row["decision"])


def test_standard_input_and_a_csv_of_paths(bundle: Path, films: Path, tmp_path: Path) -> None:
    named = [films / "film 3.png", films / "film 8.png"]
    done = predict("-", "--bundle", bundle, input="".join(f"{path}\n" for path in named))
    assert [r["path"] for r in lines(done.stdout)] == list(map(str, named))
    table = tmp_path / "list.csv"
    table.write_text("path\n" + "".join(f"films/{path.name}\n" for path in named))
    again = predict(table, "--bundle", bundle)
    assert [r["probability"] for r in lines(again.stdout)] == [
        r["probability"] for r in lines(done.stdout)
    ]


def test_names_that_are_anything(bundle: Path, films: Path, tmp_path: Path) -> None:
    """No UTF-8, line ends, commands to a terminal: read, written, and found again."""
    folder = tmp_path / "odd"
    folder.mkdir()
    names = [b"caf\xe9.png", b"new\nline.png", b"red\x1b[31m.png", b" space .png"]
    for name in names:
        shutil.copy(films / "film 3.png", os.fsdecode(os.fsencode(folder) + b"/" + name))
    strict = {"env": {**os.environ, "PYTHONIOENCODING": "utf-8:strict"}}
    table = predict(folder, "--bundle", bundle, "--format", "table", **strict)
    assert table.returncode == 0, table.stderr
    assert len(table.stdout.splitlines()) == 4
    assert "\x1b" not in table.stdout
    out = tmp_path / "results.csv"
    assert predict(folder, "--bundle", bundle, "--out", out, **strict).returncode == 0
    again = predict(out, "--bundle", bundle, **strict)  # its column path
    assert again.returncode == 0, again.stderr
    assert {os.fsencode(Path(str(r["path"])).name) for r in lines(again.stdout)} == set(names)
    listed = predict("-", "--bundle", bundle, input=" space .png\n", cwd=folder, **strict)
    assert listed.returncode == 0, listed.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
def test_a_full_disk_says_how_to_go_on_and_so_it_does(
    bundle: Path, films: Path, tmp_path: Path, radistill: Command
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", str(disk)]).returncode:
        pytest.skip("cannot mount a small disk here")
    try:
        command = ["predict", films, "--bundle", bundle, "--out", disk / "a.jsonl"]
        stopped = radistill(*command)
        assert stopped.returncode == 1
        assert "a.jsonl: the disk is full. Free some space and give --resume" in stopped.stderr
        assert "Traceback" not in stopped.stderr
        csv_file = radistill(*command[:-1], disk / "a.csv")
        assert "the disk is full. Free some space and give another name" in csv_file.stderr
        subprocess.run(["mount", "-o", "remount,size=1m", str(disk)], check=True)
        assert radistill(*command, "--resume").returncode == 0
        records = lines((disk / "a.jsonl").read_text("utf-8"))
        assert len({record["path"] for record in records}) == len(records) == 10
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_is_said_without_a_traceback(bundle: Path, films: Path) -> None:
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "radistill", "predict", films, "--bundle", bundle]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert "disk is full" in done.stderr
    assert "predictor.py" not in done.stderr


def test_going_on_with_another_threshold_is_refused(
    bundle: Path, films: Path, tmp_path: Path
) -> None:
    out = tmp_path / "results.jsonl"
    assert predict(films / "film 3.png", "--bundle", bundle, "--out", out).returncode == 0
    before = out.read_text()
    other = ["--bundle", bundle, "--out", out, "--resume", "--threshold", 0.9]
    done = predict(films, *other)
    assert done.returncode == 2
    assert "another threshold" in done.stderr
    assert out.read_text() == before


@pytest.mark.parametrize(
    ("first", "then", "named"),
    [
        ([], ["--band", 0.2], "--band"),
        (["--band", 0.2], [], "--band"),
        (["--band", 0.2], ["--band", 0.1], "--band"),
        ([], ["--any-population"], "--any-population"),
        (["--any-population"], [], "--any-population"),
        ([], ["--heatmaps", "maps"], "--heatmaps"),
        (["--heatmaps", "maps"], [], "--heatmaps"),
        (["--heatmaps", "maps"], ["--heatmaps", "others"], "--heatmaps"),
        (["--sensitivity", 0.95], ["--sensitivity", 0.95, "--band", 0.2], "--band"),
    ],
)
def test_going_on_in_another_way_is_refused(
    radistill: Any,
    bundle: Path,
    films: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    first: list[object],
    then: list[object],
    named: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = ["predict", films, "--bundle", bundle, "--out", "results.jsonl"]
    assert radistill(*arguments, *first)[0] == 0
    before = Path("results.jsonl").read_text()
    status, _, err = radistill(*arguments, "--resume", *then)
    assert status == 2
    assert f"line 1: was decided with another {named}" in " ".join(err.split())
    assert Path("results.jsonl").read_text() == before
    status, _, err = radistill(*arguments, "--resume", *first)
    assert status == 0
    assert "10 predictions in results.jsonl already" in err
    assert Path("results.jsonl").read_text() == before


def test_heat_maps_that_are_gone_are_drawn_again(
    radistill: Any, bundle: Path, films: Path, tmp_path: Path
) -> None:
    out, maps = tmp_path / "results.jsonl", tmp_path / "maps"
    arguments = ["predict", films, "--bundle", bundle, "--out", out, "--heatmaps", maps]
    assert radistill(*arguments)[0] == 0
    sheet = (maps / "contact-sheet.png").read_bytes()
    for file in (next(maps.glob("[!c]*.png")), maps / "contact-sheet.png"):
        file.unlink()
    assert radistill(*arguments, "--resume")[0] == 0
    assert len(out.read_text().splitlines()) == 10
    assert len(list(maps.iterdir())) == 11
    # Of all films, not of the one of the second time alone.
    assert Image.open(maps / "contact-sheet.png").size == Image.open(io.BytesIO(sheet)).size


def test_how_it_was_decided_stands_in_the_record_where_it_was_asked(
    radistill: Any, bundle: Path, films: Path
) -> None:
    _, out, _ = radistill("predict", films, "--bundle", bundle, "--band", 0.2, "--any-population")
    assert all(record["band"] == 0.2 and record["any_population"] for record in lines(out))
    _, out, _ = radistill("predict", films, "--bundle", bundle)
    assert not any("band" in record or "any_population" in record for record in lines(out))


NAMES = ["=HYPERLINK(A1).png", "+1.png", "-1.png", "@SUM(A1).png", "\t=1.png", "\r=1.png"]


def test_no_cell_of_a_csv_is_a_formula(
    bundle: Path, films: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, radistill: Any
) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    for name in NAMES:
        shutil.copy(films / "film 3.png", folder / name)
    (folder / "=bad.png").touch()
    monkeypatch.chdir(folder)
    assert radistill("predict", "*.png", "--bundle", bundle, "--out", "out.csv")[0] == 1
    with open("out.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["path"] for row in rows} == {f"'{name}" for name in [*NAMES, "=bad.png"]}
    assert not any(
        cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows for cell in row.values()
    )
    status, out, _ = radistill("predict", "out.csv", "--bundle", bundle)  # its column path
    assert status == 1
    assert {record["path"] for record in lines(out)} == {*NAMES, "=bad.png"}


@pytest.mark.skipif(os.name != "posix", reason="needs a shell")
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_streams(bundle: Path, films: Path, tmp_path: Path, closed: str) -> None:
    out = tmp_path / "out.jsonl"
    command = shlex.join([sys.executable, "-m", "radistill", "predict", "--bundle", str(bundle)])

    def shell(*arguments: object) -> subprocess.CompletedProcess[str]:
        line = f"{command} {shlex.join(map(str, arguments))} {closed}"
        return subprocess.run(line, shell=True, capture_output=True, text=True, timeout=300)

    done = shell(films)
    assert "Traceback" not in done.stderr
    if ">&-" in closed.replace("2>&-", ""):
        assert done.returncode == 2
        if "2>&-" not in closed:
            assert "standard output is closed; give --out" in done.stderr
    else:
        assert done.returncode == 0
        assert len(lines(done.stdout)) == 10
    written = shell(films, "--out", out)
    assert written.returncode == 0, written.stderr
    assert len(lines(out.read_text())) == 10
    if "<&-" in closed:
        named = shell("-", "--out", tmp_path / "b.jsonl")
        assert named.returncode == 2
        assert "Traceback" not in named.stderr


def test_on_a_terminal_rows_stand_alone(bundle: Path, films: Path) -> None:
    """Rows and the bar on one terminal: no row begins behind what is left of a bar."""
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "radistill", "predict", str(films), "--bundle", str(bundle)]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "200"}
    process = subprocess.Popen(command, stdout=theirs, stderr=theirs, stdin=theirs, env=environment)
    os.close(theirs)
    screen = b""
    try:
        while part := os.read(ours, 65536):
            screen += part
    except OSError:  # Linux says so at the end
        pass
    os.close(ours)
    assert process.wait() == 0
    rows = [line for line in screen.decode().splitlines() if ".png" in line]
    assert len(rows) == 10
    assert all(row.startswith(("normal ", "pneumonia ")) for row in rows)
    assert "0/10" not in screen.decode()


@pytest.mark.parametrize("name", ["r.csv", "r.txt"])
def test_only_what_can_be_resumed_is_said_to_be(
    radistill: Any, bundle: Path, films: Path, tmp_path: Path, name: str
) -> None:
    form = "table" if name == "r.txt" else "csv"
    arguments = ["predict", films, "--bundle", bundle, "--out", tmp_path / name, "--format", form]
    assert radistill(*arguments)[0] == 0
    status, _, err = radistill(*arguments)
    assert status == 2
    assert "is there already; give another name" in " ".join(err.split())
    assert "--resume" not in err


def test_heat_maps_and_operating_point(bundle: Path, films: Path, tmp_path: Path) -> None:
    done = predict(
        films, "--bundle", bundle, "--heatmaps", tmp_path / "maps", "--sensitivity", 0.95
    )
    assert done.returncode == 0, done.stderr
    records = lines(done.stdout)
    assert {r["threshold"] for r in records} == {0.3}
    drawn = {str(path) for path in (tmp_path / "maps").iterdir()}
    assert {str(r["heatmap"]) for r in records} == drawn - {f"{tmp_path}/maps/contact-sheet.png"}
    assert f"{tmp_path}/maps/contact-sheet.png" in drawn
    assert "contact-sheet.png" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--sensitivity", "0.8"], "there are: default, sensitivity-0.95"),
        (["--sensitivity", "0.95", "--threshold", "0.5"], "not both"),
        (["--precision", "int4"], "float32"),
        (["--resume"], "give --out FILE.jsonl"),
        (["--resume", "--out", "x.csv"], "JSON lines"),
        (["--bundle", "nowhere"], "nowhere: no bundle"),
        (["*.nothing"], "matches no file"),
        (["missing.csv"], "missing.csv: cannot be read"),
    ],
)
def test_wrong_usage_is_2_in_one_line(
    bundle: Path, films: Path, arguments: list[str], words: str
) -> None:
    model = [] if "--bundle" in arguments else ["--bundle", bundle]
    done = predict(films, *model, *arguments)
    assert done.returncode == 2, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_results_that_stand_there_are_not_overwritten(
    bundle: Path, films: Path, tmp_path: Path
) -> None:
    out = tmp_path / "results.jsonl"
    out.write_text("mine")
    done = predict(films, "--bundle", bundle, "--out", out)
    assert done.returncode == 2
    assert "give --resume" in done.stderr
    resumed = predict(films, "--bundle", bundle, "--out", out, "--resume")
    assert resumed.returncode == 0, "a line without an end is one that a kill cut short"
    assert len(lines(out.read_text())) == 10
    out.write_text("mine\n")
    refused = predict(films, "--bundle", bundle, "--out", out, "--resume")
    assert refused.returncode == 2
    assert "line 1" in refused.stderr
    assert out.read_text() == "mine\n"


def test_killed_and_resumed_equals_unbroken(bundle: Path, films: Path, tmp_path: Path) -> None:
    """Killed among many films; a changed film, an error and a torn line are done again."""
    many = tmp_path / "many"
    many.mkdir()
    for i in range(400):
        shutil.copy(films / f"film {i % 10}.png", many / f"{i:03}.png")
    out = tmp_path / "out.jsonl"
    arguments = [many, "--bundle", bundle, "--out", out]
    command = [sys.executable, "-m", "radistill", "predict", *map(str, arguments)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 300
    while not (out.exists() and out.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = out.read_text().splitlines(keepends=True)
    assert 0 < len(before) < 400, "killed too late to show anything"
    first = json.loads(before[0])
    shutil.copy(films / "film 9.png", first["path"])  # changed since
    error = json.dumps({"path": str(many / "399.png"), "error": {"code": "x", "message": ""}})
    out.write_text("".join(before) + error + "\n" + '{"path": "torn')

    resumed = predict(*arguments, "--resume")
    assert resumed.returncode == 0, resumed.stderr
    unbroken = lines(predict(many, "--bundle", bundle).stdout)
    without_time = [{**r, "ms": 0} for r in lines(out.read_text())]
    by_path = sorted(without_time, key=lambda r: str(r["path"]))
    assert by_path == [{**r, "ms": 0} for r in unbroken]
    kept = [line for line in before[1:] if line.endswith("\n")]
    assert out.read_text().startswith("".join(kept)), "what was done stays as it was"


def test_nothing_heavy_is_imported(bundle: Path, films: Path) -> None:
    code = (
        "import sys; sys.argv = ['radistill', *sys.argv[1:]]\n"
        "from radistill.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code\n"
        f"print('heavy:', [name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "predict", str(films), "--bundle", str(bundle)],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.stdout.rstrip().endswith("heavy: []"), done.stdout + done.stderr
