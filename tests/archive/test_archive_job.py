"""Every film one row, the same as `radistill predict` gives, whatever happens in between."""

from __future__ import annotations

import errno
import json
import tarfile
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as arrow
import pyarrow.parquet as parquet
import pytest
from PIL import Image

from bad_files import BAD
from radistill.archive import archive_job, film_bytes, film_list
from radistill.archive.archive_summary import summarise
from radistill.archive.block_scorer import TRYING, BlockScorer
from radistill.archive.film_rows import score_batch
from radistill.archive.storage import Storage
from radistill.errors import RadistillError, UsageError
from radistill.imaging.sandbox.intake import Intake
from radistill.runtime.paths import film_paths
from radistill.runtime.predictor import Predictor

from .conftest import Score, draw, rows_of

SAME = ("sha256", "label", "probability", "threshold", "decision", "reasons")


def expected(bundle: Path, films: Path) -> dict[str, Any]:
    results = Predictor.load(bundle).predict(film_paths([str(films)]))
    return {result.path: dict(result.record()) for result in results}


def test_rows_are_those_of_predict(
    score: Score, archive: Path, bundle: Path, tmp_path: Path
) -> None:
    (archive / "0" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no more")
    counts = score(archive, tmp_path / "out")
    assert (counts.films, counts.errors) == (13, 1)
    wanted = expected(bundle, archive)
    rows = rows_of(tmp_path / "out")
    assert [row["path"] for row in rows] == sorted(wanted)
    model = Predictor.load(bundle).model
    for row in rows:
        film = wanted[row["path"]]
        assert row["model_sha256"] == model.sha256
        if "error" in film:
            assert {"code": row["error_code"], "message": row["error_message"]} == film["error"]
            assert (row["probability"], row["bytes"]) == (None, 12)
        else:
            assert {name: row[name] for name in SAME} == {name: film[name] for name in SAME}
            assert (row["model"], row["model_version"]) == (model.name, model.version)
            assert (row["height"], row["width"]) == (40, 32)
            assert row["bytes"] == Path(row["path"]).stat().st_size
            assert row["ms"] == pytest.approx(row["decode_ms"] + row["model_ms"], abs=1e-6)
            assert row["error_code"] is None
            assert row["partition"]


def test_what_is_finished_is_not_read_again(score: Score, archive: Path, tmp_path: Path) -> None:
    films = sorted(map(str, archive.rglob("*.png")))
    (tmp_path / "list.csv").write_text("path\n" + "\n".join(films))
    score(tmp_path / "list.csv", tmp_path / "out")
    before = rows_of(tmp_path / "out")
    for film in films:
        Path(film).unlink()
    draw(archive / "new.png", 99)
    with (tmp_path / "list.csv").open("a") as file:
        file.write(f"\n{archive / 'new.png'}\n")
    counts = score(tmp_path / "list.csv", tmp_path / "out")
    assert (counts.films, counts.errors) == (13, 0)
    assert [row for row in rows_of(tmp_path / "out") if "new" not in row["path"]] == before


@pytest.mark.parametrize("kills", range(4))
def test_a_killed_job_goes_on(
    score: Score, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kills: int
) -> None:
    """Killed before the first part, after it, and between a part and the word about it."""

    class Killed(BaseException):
        pass

    def killed(out: str, blocks: Any, **_: Any) -> Any:
        scorer = BlockScorer(out)
        for number, (block, retry) in enumerate(blocks):
            if number == kills:
                if kills % 2:
                    Storage(out).write(f"{TRYING}/{block.name}.tries", b"1")
                raise Killed
            yield scorer({**block._asdict(), "retry": retry})

    whole = archive_job.score_blocks
    monkeypatch.setattr(archive_job, "score_blocks", killed)
    out = tmp_path / "out"
    try:
        score(archive, out)
    except Killed:
        assert len(list(out.glob("part-*"))) == kills
    monkeypatch.setattr(archive_job, "score_blocks", whole)
    assert score(archive, out).films == 12
    assert [row["path"] for row in rows_of(out)] == sorted(map(str, archive.rglob("*.png")))


def test_a_worker_that_outlives_its_job_makes_no_second_row(
    score: Score, archive: Path, tmp_path: Path
) -> None:
    """It scores a block that the next job has scored, and films were added in between."""
    out = tmp_path / "out"
    score(archive, out)
    blocks = archive_job.make_plan(Storage(str(out)), (), 1).blocks
    draw(archive / "later.png", 77)
    score(archive, out)
    late = BlockScorer(str(out))
    for block in blocks:
        assert late({**block._asdict(), "retry": False})["problem"] == ""
    paths = [row["path"] for row in rows_of(out)]
    assert paths == sorted(map(str, archive.rglob("*.png")))


def test_errors_are_tried_again_on_request(score: Score, archive: Path, tmp_path: Path) -> None:
    late = archive / "0" / "06.png"
    pixels = late.read_bytes()
    late.unlink()
    films = sorted([*map(str, archive.rglob("*.png")), str(late)])
    (tmp_path / "list.jsonl").write_text("".join(json.dumps({"path": f}) + "\n" for f in films))
    out = tmp_path / "out"
    assert score(tmp_path / "list.jsonl", out).errors == 1
    before = rows_of(out)
    assert before[films.index(str(late))]["error_code"] == "missing"
    late.write_bytes(pixels)
    assert score(tmp_path / "list.jsonl", out).errors == 1  # nobody asked
    for film in films:
        if film != str(late):
            Path(film).unlink()  # what has a row is not read
    counts = score(tmp_path / "list.jsonl", out, retry_errors=True)
    assert (counts.films, counts.errors) == (12, 0)
    after = rows_of(out)
    assert [row["path"] for row in after] == films
    assert [row for row in after if row["path"] != str(late)] == [
        row for row in before if row["path"] != str(late)
    ]
    assert score(tmp_path / "list.jsonl", out, retry_errors=True) == counts


def test_every_bad_file_is_a_row(score: Score, archive: Path, bundle: Path, tmp_path: Path) -> None:
    for number, (_, content) in enumerate(BAD.values()):
        (archive / f"{number}.png").write_bytes(content())
    counts = score(archive, tmp_path / "out")
    wanted = expected(bundle, archive)
    rows = {row["path"]: row["error_code"] for row in rows_of(tmp_path / "out")}
    assert counts.errors == len(BAD)
    assert rows == {path: film.get("error", {}).get("code") for path, film in wanted.items()}


def test_a_block_that_a_worker_died_over_goes_through_the_sandbox(
    score: Score, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    score(archive, out, part_films=6)
    rows = rows_of(out)
    block = archive_job.make_plan(Storage(str(out)), (), 1).blocks[1]
    (out / block.part).unlink()
    Storage(str(out)).write(f"{TRYING}/{block.name}.tries", b"3")
    decoded = []
    original = Intake.decode

    def noted(self: Intake, files: Any, **options: Any) -> Any:
        decoded.extend(files)
        return original(self, files, **options)

    monkeypatch.setattr(Intake, "decode", noted)
    score(archive, out)
    assert len(decoded) == block.films
    same = [{k: v for k, v in row.items() if not k.endswith("ms")} for row in rows]
    assert [{k: v for k, v in row.items() if not k.endswith("ms")} for row in rows_of(out)] == same
    assert not list((out / TRYING).iterdir())


def test_a_block_that_ends_every_worker_ends_the_job(
    score: Score, archive: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    score(archive, out)
    block = archive_job.make_plan(Storage(str(out)), (), 1).blocks[0]
    (out / block.part).unlink()
    Storage(str(out)).write(f"{TRYING}/{block.name}.tries", b"20")
    with pytest.raises(RadistillError, match=r"has ended 20 workers.*remove"):
        score(archive, out)


def test_only_rows_are_visible(score: Score, archive: Path, tmp_path: Path) -> None:
    score(archive, tmp_path / "out")
    visible = [path for path in (tmp_path / "out").iterdir() if path.name[0] not in "_."]
    assert len(visible) == 3
    for path in visible:
        assert parquet.read_table(path).num_rows
    inside = [path for path in (tmp_path / "out").rglob("*.parquet")]
    assert sorted(inside) == sorted(visible)  # for readers that know nothing of underscores


def test_names_that_stand_twice_have_one_row(
    score: Score, archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film = archive / "0" / "00.png"
    table = arrow.table({"uri": [str(film)] * 1000 + [str(archive / "1" / "01.png")]})
    parquet.write_table(table, tmp_path / "list.parquet")
    assert score(tmp_path / "list.parquet", tmp_path / "out", column="uri").films == 2
    assert "names 999 films more than once" in capsys.readouterr().err


def test_links_are_not_resolved(score: Score, archive: Path, tmp_path: Path) -> None:
    links = tmp_path / "links"
    links.mkdir()
    for name in ("a.png", "b.png"):
        (links / name).symlink_to(archive / "0" / "00.png")
    score(links, tmp_path / "out")
    rows = rows_of(tmp_path / "out")
    assert [row["path"] for row in rows] == [str(links / "a.png"), str(links / "b.png")]
    assert rows[0]["sha256"] == rows[1]["sha256"]


def test_shards(score: Score, archive: Path, bundle: Path, tmp_path: Path) -> None:
    films = sorted(archive.rglob("*.png"))
    with tarfile.open(tmp_path / "one.tar", "w") as shard:
        for film in films:
            shard.add(film, f"{film.stem}.png")
            text = tarfile.TarInfo(f"{film.stem}.json")
            text.size = 2
            shard.addfile(text, BytesIO(b"{}"))
        shard.add(films[1], "00.png")  # again under the first one's name
        bad = tarfile.TarInfo("bad.png")
        bad.size = 4
        shard.addfile(bad, BytesIO(b"\x89PNG"))
    whole = (tmp_path / "one.tar").read_bytes()
    (tmp_path / "two.tar").write_bytes(whole[: len(whole) // 2])
    counts = score(f"{tmp_path}/*.tar", tmp_path / "out")
    rows = rows_of(tmp_path / "out")
    assert counts.films == len(rows)
    one = [row for row in rows if row["path"].endswith("::" + str(tmp_path / "one.tar"))]
    assert [row["path"].split("::")[0] for row in one] == [
        *sorted(f"tar://{film.name}" for film in films),
        "tar://bad.png",
    ]
    wanted = {Path(path).name: film for path, film in expected(bundle, archive).items()}
    for row in one[:-1]:
        name = row["path"].removeprefix("tar://").split("::")[0]
        assert row["probability"] == wanted[name]["probability"]
    failed = {row["path"]: row["error_code"] for row in rows if row["error_code"]}
    assert failed.pop(f"tar://bad.png::{tmp_path}/one.tar")
    assert failed == {str(tmp_path / "two.tar"): "truncated"}
    (tmp_path / "two.tar").write_bytes(whole)
    score(f"{tmp_path}/*.tar", tmp_path / "out", retry_errors=True)
    paths = [row["path"] for row in rows_of(tmp_path / "out")]
    assert len(paths) == len(set(paths)) == 26


def test_embeddings_and_overviews(score: Score, archive: Path, tmp_path: Path) -> None:
    (archive / "bad.png").write_bytes(b"\x89PNG")
    score(archive, tmp_path / "out", embeddings=True, overviews=True)
    for row in rows_of(tmp_path / "out"):
        if row["error_code"]:
            assert (row["embedding"], row["overview"]) == (None, None)
            continue
        assert len(row["embedding"]) == 4
        assert Image.open(BytesIO(row["overview"])).size == (32, 40)
    part = next((tmp_path / "out").glob("part-*"))
    assert parquet.read_schema(part).field("embedding").type == arrow.list_(arrow.float16())


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"threshold": 0.3}, "threshold"),
        ({"band": 0.1}, "--band"),
        ({"any_population": True}, "--any-population"),
        ({"embeddings": True}, "--embeddings"),
    ],
)
def test_other_settings_are_refused(
    score: Score, archive: Path, tmp_path: Path, options: dict[str, Any], named: str
) -> None:
    score(archive, tmp_path / "out")
    with pytest.raises(UsageError, match=f"scored with another {named} .*another --out"):
        score(archive, tmp_path / "out", **options)


def test_another_model_is_refused(score: Score, archive: Path, tmp_path: Path) -> None:
    score(archive, tmp_path / "out")
    file = tmp_path / "out" / "_settings.json"
    file.write_text(file.read_text().replace('"sha256": "', '"sha256": "0'))
    with pytest.raises(UsageError, match="with another model"):
        score(archive, tmp_path / "out")


def test_an_out_of_somebody_else_is_refused(score: Score, archive: Path, tmp_path: Path) -> None:
    for name, match in (("thesis.txt", "is not empty, and not of radistill score"),):
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / name).write_text("years of work")
        with pytest.raises(UsageError, match=match):
            score(archive, tmp_path / "mine")
        assert [path.name for path in (tmp_path / "mine").iterdir()] == [name]
    with pytest.raises(UsageError, match="is a file"):
        score(archive, tmp_path / "mine" / "thesis.txt")
    with pytest.raises(RadistillError, match=r"thesis\.txt/out/\S+: cannot be written"):
        score(archive, tmp_path / "mine" / "thesis.txt" / "out")


def test_parts_from_elsewhere_are_refused(score: Score, archive: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    score(archive, out)
    part = sorted(out.glob("part-*"))[0]
    (out / "part-0123.parquet").write_bytes(part.read_bytes())
    with pytest.raises(UsageError, match=r"part-0123\.parquet: is no part of this archive"):
        score(archive, out)
    (out / "part-0123.parquet").unlink()
    whole = part.read_bytes()
    for wrong in (whole[: len(whole) // 2], b"", b"PAR1 nothing PAR1"):
        part.write_bytes(wrong)
        with pytest.raises(UsageError, match=rf"{part.name}: is damaged.*remove it"):
            score(archive, out)
    others = arrow.table({"path": ["x"]})
    parquet.write_table(others, part)
    with pytest.raises(UsageError, match=rf"{part.name}: is damaged, or not what"):
        score(archive, out)
    part.unlink()
    score(archive, out)
    assert len(rows_of(out)) == 12


def spoilt(file: Path, start: int) -> None:
    """Same length, other bytes behind `start` for as long as the file's middle."""
    whole = file.read_bytes()
    file.write_bytes(whole[:start] + b"\xff" * 60 + whole[start + 60 :])


def test_pages_that_are_damaged_are_said(score: Score, archive: Path, tmp_path: Path) -> None:
    """Inside of a file whose footer is whole: of a part, for which rows are read, and of a plan."""
    out = tmp_path / "out"
    (archive / "bad.png").write_bytes(b"")
    score(archive, out, part_films=20)
    (part,) = out.glob("part-*")
    kept = part.read_bytes()
    for start in range(4, len(kept) // 2, 60):
        spoilt(part, start)
        with suppress(UsageError):
            summarise(str(out))
        with suppress(UsageError):
            score(archive, out, part_films=20, retry_errors=True)
        part.write_bytes(kept)
    part.write_bytes(kept[:4] + b"\xff" * (len(kept) // 3) + kept[4 + len(kept) // 3 :])
    for again in (
        lambda: summarise(str(out)),
        lambda: score(archive, out, part_films=20, retry_errors=True),
    ):
        with pytest.raises(UsageError, match=rf"{part.name}: is damaged.*remove it"):
            again()
    (plan,) = (out / "_plan").iterdir()
    spoilt(plan, 6)
    with pytest.raises(UsageError, match="plan: is damaged"):
        score(archive, out)


def test_a_model_that_is_gone_is_put_back(score: Score, archive: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    score(archive, out)
    for path in (out / "_model").iterdir():
        path.unlink()
    with pytest.raises(UsageError, match=r"out/_model: is not whole.*radistill score"):
        summarise(str(out))
    draw(archive / "new.png", 70)
    assert score(archive, out).films == 13
    assert summarise(str(out)).films == 13


def test_a_model_that_is_damaged_is_said(score: Score, archive: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    score(archive, out)
    (out / "_model" / "model.onnx").write_bytes(b"other")
    draw(archive / "new.png", 70)
    with pytest.raises(UsageError, match=r"model\.onnx: damaged or changed"):
        score(archive, out)


def test_an_out_that_cannot_be(score: Score, archive: Path) -> None:
    with pytest.raises(UsageError, match="--out: name a folder"):
        score(archive, "")
    with pytest.raises(UsageError, match=r"http://host/out: can be read only; .*s3://"):
        score(archive, "http://host/out")


def test_what_is_in_work_is_no_film(score: Score, archive: Path, tmp_path: Path) -> None:
    """Where OUT lies in a bucket's SOURCE: names without an ending are films there."""
    names: list[str] = []

    def noted(self: Storage, name: str, data: bytes) -> None:
        names.append(name)
        Storage_write(self, name, data)

    Storage_write = Storage.write
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Storage, "write", noted)
        score(archive, tmp_path / "out")
    assert any(name.startswith(TRYING) for name in names)
    assert not [name for name in names if film_list._is_named_as_film(name)]


def test_a_full_disk_ends_the_job_and_keeps_what_is_finished(
    score: Score, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    written = Storage.write
    parts = 0

    def full(self: Storage, name: str, data: bytes) -> None:
        nonlocal parts
        parts += name.startswith("part-")
        if parts > 1:
            monkeypatch.setattr(Path, "write_bytes", no_space)
        written(self, name, data)

    def no_space(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Storage, "write", full)
        monkeypatch = patched
        with pytest.raises(RadistillError, match="the disk is full") as raised:
            score(archive, out)
    assert raised.value.exit_code == 1
    assert len(rows_of(out)) == 5
    assert score(archive, out).films == 12


def test_an_outage_ends_the_job_instead_of_failing_every_film(
    score: Score, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("radistill.archive.storage.WAITS", ())
    uris = [f"http://127.0.0.1:9/{n}.png" for n in range(20)]
    (tmp_path / "list.csv").write_text("path\n" + "\n".join(uris))
    with pytest.raises(RadistillError, match=r"did not answer.*run the same command again"):
        score(tmp_path / "list.csv", tmp_path / "out", part_films=20)
    assert not list((tmp_path / "out").glob("part-*"))
    assert not list((tmp_path / "out" / TRYING).iterdir())  # no worker has died over it
    monkeypatch.setattr(film_bytes, "_IN_A_ROW", 99)
    assert score(tmp_path / "list.csv", tmp_path / "out", part_films=20).errors == 20
    assert {row["error_code"] for row in rows_of(tmp_path / "out")} == {"unreachable"}


def test_nothing_to_score_is_said(score: Score, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="there is no film in it"):
        score(tmp_path / "empty", tmp_path / "out")
    with pytest.raises(UsageError, match="no such folder or list"):
        score(tmp_path / "gone", tmp_path / "out2")
    assert not (tmp_path / "out2").exists()


@pytest.mark.parametrize("name", ["empty", "no-column.csv", "zero.csv", "list.txt", "gone.tar"])
def test_a_source_without_films_leaves_no_out(score: Score, tmp_path: Path, name: str) -> None:
    """Whose model and threshold the next command would be held to."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "no-column.csv").write_text("film\na.png\n")
    (tmp_path / "zero.csv").write_text("path\n")
    (tmp_path / "list.txt").write_text("a.png\n")
    with pytest.raises(UsageError):
        score(tmp_path / name, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_cluster_needs_names_in_full(score: Score, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--ray-address: give SOURCE and --out in full"):
        score("films", tmp_path / "out", ray_address="auto")


def test_score_batch_gives_the_rows(archive: Path, bundle: Path) -> None:
    films = sorted(archive.rglob("*.png"))
    paths = [*map(str, films), "gone"]
    contents = [*(film.read_bytes() for film in films), b""]
    table = score_batch(contents, bundle=str(bundle), paths=paths)
    wanted = expected(bundle, archive)
    assert table.column("path").to_pylist() == paths
    assert table.column("error_code").to_pylist() == [None] * 12 + ["empty"]
    assert table.column("probability").to_pylist()[:12] == [
        wanted[path]["probability"] for path in paths[:12]
    ]
    assert score_batch([], bundle=str(bundle)).num_rows == 0
