"""Reports from CSV, folders and archives, and what is wrong with them."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from radistill.errors import UsageError
from radistill.text.labeller.tasks import OPEN_I_TASKS, tags_of
from radistill.text.read.report_table import Columns
from radistill.text.read.reports import read_reports

XML = """<?xml version="1.0" encoding="utf-8"?>
<eCitation><uId id="CXR7"/><Abstract>
<AbstractText Label="FINDINGS">Clear lungs.</AbstractText>
<AbstractText Label="IMPRESSION">Normal.</AbstractText></Abstract>
<MeSH><major>Opacity/lung/base/left</major><major>Pneumonia</major></MeSH>
<parentImage id="CXR7_IM-1-1001"/><parentImage id="CXR7_IM-1-2001"/></eCitation>"""


def table(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "reports.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_a_table_of_sections(tmp_path: Path) -> None:
    text = "UID,Findings,Impression,Patient\n1,Clear lungs.,Normal.,p1\n2,,Cardiomegaly.,p2\n"
    found = read_reports(table(tmp_path, text))
    assert [record.id for record in found.records] == ["1", "2"]
    assert found.records[0].report.body == "Clear lungs.\nNormal."
    assert found.records[1].columns == {"patient": "p2"}
    assert not found.failed


def test_a_table_of_whole_reports_with_named_columns(tmp_path: Path) -> None:
    text = 'file;befund;truth\na.png;"FINDINGS: Clear; lungs.\nIMPRESSION: Normal.";ok\n'
    found = read_reports(table(tmp_path, text), Columns("file", "befund", "Truth"))
    (record,) = found.records
    assert record.report.findings == "Clear; lungs."
    assert (record.id, record.label, found.label_name) == ("a.png", "ok", "truth")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_tables_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    found = read_reports(table(tmp_path, "id,report\nä,Clear lungs.\n".encode(encoding)))
    assert found.records[0].id == "ä"


def test_ragged_rows_are_left_out_and_named(tmp_path: Path) -> None:
    text = "id,report\n1,Clear lungs.\n2,Heart normal, lungs clear.\n3,Normal.\n4,Normal.\n"
    found = read_reports(table(tmp_path, text))
    assert [record.id for record in found.records] == ["1", "3", "4"]
    assert found.failed == ((f"{tmp_path}/reports.csv, line 3", "has 3 values, the header 2"),)


@pytest.mark.parametrize(
    ("text", "ids", "lines"),
    [
        ('b1,"Clear.\nb2,Pneumonia.\nb3,Normal.\n', ["b2", "b3"], [2]),
        ('b1,Clear.\nb2,"Pneumonia.\n', ["b1", "b2"], []),  # the last row: nothing is swallowed
        ('b1,"Clear.\nb2,"Pneumonia."\nb3,Normal.\n', ["b2", "b3"], [2]),
        ('b1,"Clear.\nb2,Heart.\nb3,"Lungs.\nb4,Normal.\n', ["b2", "b4"], [2, 4]),
        ('b1,"Clear\nlungs."\nb2,"A ""round"" mass,\nnew."\n', ["b1", "b2"], []),
        ('b1,"A "round" mass."\nb2,Normal.\n', ["b1", "b2"], []),
    ],
)
def test_a_quote_that_nothing_closes_swallows_no_row(
    tmp_path: Path, text: str, ids: list[str], lines: list[int]
) -> None:
    found = read_reports(table(tmp_path, "id,report\n" + text))
    assert [record.id for record in found.records] == ids
    assert [where.rpartition(" ")[2] for where, _ in found.failed] == [str(n) for n in lines]


@pytest.mark.data
def test_the_table_with_a_lone_quote(shared: Path) -> None:
    found = read_reports(shared / "faults" / "tables" / "lone-quote.csv")
    assert [record.id for record in found.records] == ["b2", "b3"]
    assert "line 2" in found.failed[0][0]


def test_rows_of_one_id(tmp_path: Path) -> None:
    text = "id,report\n1,Clear.\n1,Clear.\n2,Clear.\n2,Effusion.\n"
    found = read_reports(table(tmp_path, text))
    assert [record.id for record in found.records] == ["1"]
    assert "1." in found.notes[0]
    assert found.failed[0][1] == "occurs with different reports"


def test_a_report_of_10_mb(tmp_path: Path) -> None:
    found = read_reports(
        table(tmp_path, "id,report\n1," + "clear lungs " * 900_000 + "\n2,Normal.\n")
    )
    assert len(found.records) == 2
    assert len(found.records[0].report.findings) > 10_000_000


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("id,note\n1,Clear.\n", "no column with reports"),
        ("", "no column with reports"),
        ("id,report\n", "no rows"),
        ("id,report,report\n1,a,b\n", "twice"),
        (b"PK\x00\x00", "is not text"),
        ("id,report\n1,a,b\n2,c,d\n", "quote values"),
    ],
)
def test_tables_that_cannot_be_used(tmp_path: Path, content: str | bytes, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_reports(table(tmp_path, content))


@pytest.mark.parametrize("columns", [Columns(id="x"), Columns(text="x"), Columns(label="x")])
def test_a_column_that_is_missing_is_named(tmp_path: Path, columns: Columns) -> None:
    with pytest.raises(UsageError, match="there is no column 'x'"):
        read_reports(table(tmp_path, "id,report\n1,Clear.\n"), columns)


def test_a_folder_of_text_by_class(tmp_path: Path) -> None:
    for name, text in (("a/NORMAL/1.txt", "Clear."), ("a/PNEUMONIA/2.txt", "Infiltrate.")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "a" / "3.txt").write_bytes(b"\x00\x01")
    found = read_reports(tmp_path / "a")
    assert [(r.id, r.label) for r in found.records] == [
        ("NORMAL/1", "NORMAL"), ("PNEUMONIA/2", "PNEUMONIA"),
    ]  # fmt: skip
    assert found.failed == ((f"{tmp_path / 'a'}, 3", "is not text"),)


def test_open_i_as_folder_and_as_archive(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "7.xml").write_text(XML)
    (tmp_path / "x" / "8.xml").write_text("<a>")
    with tarfile.open(tmp_path / "x.tgz", "w:gz") as archive:
        for path in sorted((tmp_path / "x").iterdir()):
            archive.add(path, f"../../{path.name}")  # nothing is unpacked, so this does no harm
    for source in (tmp_path / "x", tmp_path / "x.tgz"):
        found = read_reports(source)
        (record,) = found.records
        assert record.films == ("CXR7_IM-1-1001", "CXR7_IM-1-2001")
        assert record.report.impression == "Normal."
        assert OPEN_I_TASKS["opacity-rest"].truth(tags_of(record.label)) is True
        assert "is not XML" in found.failed[0][1]


def test_entities_are_refused(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa">]>' + XML.split("?>")[1]
    (tmp_path / "1.xml").write_text(bomb)
    with pytest.raises(UsageError, match="entities"):
        read_reports(tmp_path)


@pytest.mark.parametrize("name", ["cut.tgz", "not.tgz"])
def test_damaged_archives(tmp_path: Path, name: str) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("1.xml"), io.BytesIO())
    content = stream.getvalue()[:-12] if name == "cut.tgz" else b"no archive"
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match=name):
        read_reports(tmp_path / name)


@pytest.mark.parametrize("name", ["nothing", "a.pdf"])
def test_what_is_no_source(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.pdf").touch()
    with pytest.raises(UsageError, match=name):
        read_reports(tmp_path / name)


@pytest.mark.parametrize(
    ("problems", "answers"),
    [
        ("normal", (False, False, False)),
        ("Opacity;Airspace Disease", (True, True, True)),
        ("Cardiomegaly", (True, False, None)),
        ("No Indexing", (None, None, None)),
    ],
)
def test_truth_of_the_tasks(problems: str, answers: tuple[bool | None, ...]) -> None:
    assert tuple(task.truth(tags_of(problems)) for task in OPEN_I_TASKS.values()) == answers


@pytest.mark.data
def test_the_indiana_reports(shared: Path) -> None:
    found = read_reports(shared / "data" / "reports" / "indiana_reports.csv")
    assert len(found.records) == 3851
    assert not found.failed
    truth = [OPEN_I_TASKS["opacity-rest"].truth(tags_of(record.label)) for record in found.records]
    assert (truth.count(True), truth.count(None)) == (200, 92)


@pytest.mark.data
def test_the_xml_of_the_same_collection(shared: Path) -> None:
    """`NLMCXR_reports.tgz`, from the wheel of torchxrayvision, laid beside the CSV."""
    folder = shared / "data" / "reports"
    if not (folder / "NLMCXR_reports.tgz").exists():
        pytest.skip(f"no NLMCXR_reports.tgz in {folder}: take it from torchxrayvision's wheel")
    table = {r.id: r for r in read_reports(folder / "indiana_reports.csv").records}
    found = read_reports(folder / "NLMCXR_reports.tgz")
    assert not found.failed
    same = {r.id.removeprefix("CXR"): r for r in found.records}
    assert set(table) <= set(same)
    for name, record in table.items():
        assert same[name].group == record.group
        for task in OPEN_I_TASKS.values():
            assert task.truth(tags_of(same[name].label)) == task.truth(tags_of(record.label))
