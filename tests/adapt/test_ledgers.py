"""Results in every form that radistill writes them, whole, torn, mixed or of another model."""

from __future__ import annotations

import csv
import io
import json
import sys
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from radistill.adapt.ledgers import LedgerContents, read_ledgers, read_time
from radistill.errors import UsageError
from radistill.node.ledger import Ledger as NodeLedger
from radistill.runtime.writer import writer
from radistill.schema.prediction import Failure, Prediction

from .ledger_lines import BUNDLE, CARD_OF_BUNDLE, week, write


def read(*files: Path) -> LedgerContents:
    return read_ledgers(files, CARD_OF_BUNDLE, BUNDLE)


@pytest.fixture
def rows() -> list[dict]:
    rng = np.random.default_rng(0)
    return week(rng, 0, 30, abstained=0.3, unreadable=0.1)


def test_json_lines_as_they_are_written(rows: list[dict], tmp_path: Path) -> None:
    ledger = read(write(tmp_path / "a.jsonl", rows))
    assert [row.path for row in ledger.rows] == [row["path"] for row in rows]
    assert [row.probability for row in ledger.rows if not row.error] == [
        row["probability"] for row in rows if "error" not in row
    ]
    assert ledger.rows[0].time == datetime.fromisoformat(rows[0]["time"]).replace(tzinfo=None)
    assert (ledger.torn, ledger.repeated) == (0, 0)
    assert ledger.model.name == "student-pneumonia"


@pytest.mark.parametrize(
    "line",
    ["[" * 100_000, '{"path": "a", "time": "0001-01-01T00:00:00+14:00"}'],
    ids=["nested", "time before all times"],
)
def test_lines_that_cannot_be_a_result_are_torn(
    rows: list[dict], tmp_path: Path, line: str
) -> None:
    file = write(tmp_path / "a.jsonl", rows)
    with file.open("a") as ledger:
        ledger.write(line + "\n")
    assert read(file).torn == 1


def test_a_csv_of_predict_reads_the_same(rows: list[dict], tmp_path: Path) -> None:
    file = io.StringIO()
    save = writer(file, "csv", sketch=True)
    for row in rows:
        kind = Failure if "error" in row else Prediction
        save(kind.model_validate(row))
    (tmp_path / "a.csv").write_text(file.getvalue(), "utf-8")
    assert read(tmp_path / "a.csv").rows == read(write(tmp_path / "a.jsonl", rows)).rows


def test_a_csv_without_sketches_is_read_too(rows: list[dict], tmp_path: Path) -> None:
    file = io.StringIO()
    save = writer(file, "csv")
    first = next(row for row in rows if "model" in row)
    plain = {key: value for key, value in first.items() if key not in ("time", "sketch")}
    save(Prediction.model_validate(plain))
    (tmp_path / "a.csv").write_text(file.getvalue(), "utf-8")
    (row,) = read(tmp_path / "a.csv").rows
    assert row.time is None
    assert row.sketch is None


@pytest.mark.parametrize(
    "line",
    [
        '{"path": "a.png", "probab',
        "[1, 2]",
        "nothing of the kind",
        '{"path": "a.png"}',
        '{"path": "a.png", "probability": 2, "decision": "normal"}',
        '{"path": 3, "error": {"code": "x", "message": "y"}}',
        '{"path": "a.png", "error": {"code": "x", "message": "y"}, "time": "yesterday"}',
        "\x00\xff",
    ],
)
def test_torn_lines_are_counted_and_left_out(line: str, rows: list[dict], tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", rows)
    whole = read(file)
    file.write_bytes(file.read_bytes() + line.encode("latin-1") + b"\n\n")
    torn = read(file)
    assert torn.rows == whole.rows
    assert torn.torn == 1


@pytest.mark.parametrize("change", [{"sketch": [1.0, 2.0]}, {"sketch": "a"}, {"probability": "x"}])
def test_a_damaged_value_is_a_torn_line(change: dict, rows: list[dict], tmp_path: Path) -> None:
    rows = [row for row in rows if "error" not in row]
    rows[3] |= change
    ledger = read(write(tmp_path / "a.jsonl", rows))
    assert ledger.torn == 1
    assert len(ledger.rows) == len(rows) - 1


def test_a_torn_csv_row(rows: list[dict], tmp_path: Path) -> None:
    file = io.StringIO()
    save = writer(file, "csv", sketch=True)
    for row in rows:
        if "error" not in row:
            save(Prediction.model_validate(row))
    (tmp_path / "a.csv").write_text(file.getvalue()[:-40], "utf-8")
    ledger = read(tmp_path / "a.csv")
    assert ledger.torn == 1
    assert len(list(csv.reader(io.StringIO(file.getvalue())))) == len(ledger.rows) + 2


def test_a_film_in_two_ledgers_counts_once(rows: list[dict], tmp_path: Path) -> None:
    first, second = write(tmp_path / "a.jsonl", rows), write(tmp_path / "b.jsonl", rows[:7])
    ledger = read(first, second)
    assert len(ledger.rows) == len(rows)
    assert ledger.repeated == 7


def test_two_models_are_refused_and_both_named(rows: list[dict], tmp_path: Path) -> None:
    other = json.loads(json.dumps(rows))
    for row in other:
        if "model" in row:
            row["model"] |= {"name": "another", "sha256": "f" * 64}
    files = write(tmp_path / "a.jsonl", rows), write(tmp_path / "b.jsonl", other)
    with pytest.raises(UsageError) as error:
        read(*files)
    for word in ("student-pneumonia", "another", "ffffffffffff", "a.jsonl", "b.jsonl"):
        assert word in str(error.value)


def test_the_two_files_of_one_bundle_are_two_models(rows: list[dict], tmp_path: Path) -> None:
    """Their probabilities are not the same."""
    answered = [row for row in rows if "model" in row]
    answered[0]["model"] = answered[0]["model"] | {"sha256": CARD_OF_BUNDLE.files["model.onnx"]}
    with pytest.raises(UsageError, match="different models"):
        read(write(tmp_path / "a.jsonl", rows))


def test_a_bundle_that_did_not_predict_is_refused(rows: list[dict], tmp_path: Path) -> None:
    for row in rows:
        if "model" in row:
            row["model"] |= {"sha256": "f" * 64}
    with pytest.raises(UsageError, match="no file of the bundle"):
        read(write(tmp_path / "a.jsonl", rows))


@pytest.mark.parametrize("content", ["a,b\n1,2\n", "hello\n"])
def test_a_file_without_results_is_refused(content: str, tmp_path: Path) -> None:
    for name in ("a.jsonl", "a.csv"):
        (tmp_path / name).write_text(content, "utf-8")
        with pytest.raises(UsageError, match=r"no result|no film"):
            read(tmp_path / name)


@pytest.mark.parametrize("name", ["b.jsonl", "b.csv"])
def test_a_day_without_films_is_no_fault(name: str, rows: list[dict], tmp_path: Path) -> None:
    full = write(tmp_path / "a.jsonl", rows)
    (tmp_path / name).write_text("" if name == "b.jsonl" else "path,label\n", "utf-8")
    assert read(tmp_path / name, full).rows == read(full).rows


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    for name in ("a.jsonl", "a.csv", "a.parquet"):
        with pytest.raises(UsageError, match="a\\."):
            read(tmp_path / name)
    with pytest.raises(UsageError, match="folder without"):
        read(tmp_path)


@pytest.mark.parametrize("some", [True, False])
def test_nothing_but_unreadable_files_has_no_model(
    some: bool, rows: list[dict], tmp_path: Path
) -> None:
    broken = [row for row in rows if some and "error" in row]
    with pytest.raises(UsageError, match="could be read"):
        read(write(tmp_path / "a.jsonl", broken))


def test_the_folder_of_a_nodes_ledger(rows: list[dict], tmp_path: Path) -> None:
    node = NodeLedger(tmp_path / "ledger", tmp_path / "salt", 180)
    for i, row in enumerate(rows):
        node.append(row, f"study {i}", f"instance {i}", row["time"])
    ledger = read(tmp_path / "ledger")
    assert [row.probability for row in ledger.rows if not row.error] == [
        row["probability"] for row in rows if "error" not in row
    ]
    assert [row.time for row in ledger.rows] == [read_time(row["time"]) for row in rows]
    assert (len(ledger.rows), ledger.torn, ledger.repeated) == (len(rows), 0, 0)


def test_parquet_nested_and_flat(rows: list[dict], tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    import pyarrow.parquet as parquet

    expected = read(write(tmp_path / "a.jsonl", rows)).rows
    keys = {key for row in rows for key in row}
    nested = arrow.Table.from_pylist([{key: row.get(key) for key in keys} for row in rows])
    parquet.write_table(nested, tmp_path / "nested.parquet")
    assert read(tmp_path / "nested.parquet").rows == expected
    flat = []
    for row in rows:
        model, error = row.get("model"), row.get("error")
        rest = {key: value for key, value in row.items() if key not in ("model", "error")}
        if model:
            rest |= {f"model_{key}": value for key, value in model.items()}
        if error:
            rest |= {f"error_{key}": value for key, value in error.items()}
        flat.append(rest)
    keys = {key for row in flat for key in row}
    (tmp_path / "parts").mkdir()
    table = arrow.Table.from_pylist([{key: row.get(key) for key in keys} for row in flat])
    parquet.write_table(table, tmp_path / "parts" / "part-0.parquet")
    (tmp_path / "parts" / "_state.parquet").write_bytes(b"no part")
    assert read(tmp_path / "parts").rows == expected
    (tmp_path / "torn.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(UsageError, match=r"torn\.parquet"):
        read(tmp_path / "torn.parquet")


def test_parquet_without_its_package_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    with pytest.raises(UsageError, match="pip install pyarrow"):
        read(tmp_path / "a.parquet")


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-01-31", datetime(2026, 1, 31)),
        ("20260131", datetime(2026, 1, 31)),
        ("2026-01-31T08:30:00+00:00", datetime(2026, 1, 31, 8, 30)),
        ("2026-01-31T23:30:00Z", datetime(2026, 1, 31, 23, 30)),
        ("2026-02-01T01:30:00+05:00", datetime(2026, 1, 31, 20, 30)),
        (" 2026-01-31 08:30 ", datetime(2026, 1, 31, 8, 30)),
    ],
)
def test_times(text: str, time: datetime) -> None:
    assert read_time(text) == time


def test_what_is_no_time() -> None:
    for text in ("31.1.2026", "", "week 3"):
        with pytest.raises(ValueError, match="isoformat"):
            read_time(text)
