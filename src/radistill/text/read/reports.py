"""Read reports from a CSV, a folder of .txt, or the XML of Open-i."""

import tarfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from xml.etree import ElementTree

from radistill.errors import UsageError
from radistill.text.nlp.clean import decode
from radistill.text.nlp.sections import Report, split_sections
from radistill.text.read.collection import OPEN_I_LABEL, ReportCollection, ReportRecord
from radistill.text.read.report_table import Columns, read_table

LARGEST_FILE = 64 << 20  # bytes of one report; more is no report
Parse = Callable[[str, bytes], ReportRecord]  # raises ValueError with the reason
_XML_LABELS = {"INDICATION", "COMPARISON", "FINDINGS", "IMPRESSION"}


def read_reports(source: Path, columns: Columns | None = None) -> ReportCollection:
    """Read the reports of `source`, of whatever kind it is.

    A .csv or .tsv; a folder of .txt (label: the folder a file is in, if any) or of Open-i .xml;
    an archive of such XML as `NLMCXR_reports.tgz`; one .txt. Files that cannot be read are listed
    in `failed`. Raises UsageError where there is nothing to read.
    """
    columns = columns or Columns()
    if not source.exists():
        raise UsageError(f"{source}: there is no such file or folder")
    if source.is_dir():
        return _folder(source)
    name = source.name.lower()
    if name.endswith((".csv", ".tsv")):
        return read_table(source, columns)
    if name.endswith((".tgz", ".tar.gz", ".tar")):
        return _collect(source, _archived(source), _open_i, OPEN_I_LABEL)
    if name.endswith(".txt"):
        return _collect(source, [(source.stem, source.read_bytes())], _text, "")
    raise UsageError(
        f"{source}: expected a .csv, a folder of .txt or .xml, or a .tgz of Open-i reports"
    )


def _folder(folder: Path) -> ReportCollection:
    texts, documents = (
        sorted(p for p in folder.rglob(f"*.{kind}") if p.is_file() and p.name[0] != ".")
        for kind in ("txt", "xml")
    )
    if not texts and not documents:
        raise UsageError(f"{folder}: holds no .txt and no .xml")
    if not texts:
        return _collect(folder, _files(folder, documents), _open_i, OPEN_I_LABEL)
    labelled = any(path.parent != folder for path in texts)
    return _collect(folder, _files(folder, texts), _text, "label" if labelled else "")


def _files(folder: Path, paths: Iterable[Path]) -> Iterator[tuple[str, bytes]]:
    for path in paths:
        yield path.relative_to(folder).with_suffix("").as_posix(), path.read_bytes()


def _archived(archive: Path) -> Iterator[tuple[str, bytes]]:
    """XML files of a tar archive, read in memory: nothing is unpacked to disk."""
    try:
        with tarfile.open(archive) as opened:
            for member in opened:
                if not member.isfile() or not member.name.lower().endswith(".xml"):
                    continue
                file = opened.extractfile(member)
                content = file.read(LARGEST_FILE + 1) if file else b""
                yield member.name.removesuffix(".xml"), content
    except (OSError, EOFError, zlib.error, tarfile.TarError) as error:
        raise UsageError(f"{archive}: is not a whole .tgz ({error}); get it again") from None


def _collect(
    source: Path, files: Iterable[tuple[str, bytes]], parse: Parse, label_name: str
) -> ReportCollection:
    records, failed = [], []
    for name, content in files:
        try:
            if len(content) > LARGEST_FILE:
                raise ValueError(f"is larger than {LARGEST_FILE >> 20} MB")
            records.append(parse(name, content))
        except ValueError as error:
            failed.append((f"{source}, {name}", str(error)))
    if not records:
        reason = f": {failed[0][0]} {failed[0][1]}" if failed else ""
        raise UsageError(f"{source}: holds no report that can be read{reason}")
    return ReportCollection(source.stem, tuple(records), label_name, tuple(failed))


def _text(name: str, content: bytes) -> ReportRecord:
    folder, _, _ = name.rpartition("/")
    return ReportRecord(name, split_sections(decode(content)), folder.rpartition("/")[2], (name,))


def _open_i(name: str, content: bytes) -> ReportRecord:
    """One `eCitation` of Open-i. Entities of its own would be an attack; ValueError."""
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise ValueError("declares entities, which no report of Open-i does")
    try:
        root = ElementTree.fromstring(content)
    except ElementTree.ParseError as error:
        raise ValueError(f"is not XML ({error})") from None
    parts = {
        str(part.get("Label")).lower(): " ".join((part.text or "").split())
        for part in root.iter("AbstractText")
        if part.get("Label") in _XML_LABELS
    }
    if not parts:
        raise ValueError("is not a report of Open-i: it has no AbstractText")
    tags = [(major.text or "").partition("/")[0].strip() for major in root.iter("major")]
    uid = root.find("uId")
    films = tuple(str(image.get("id")) for image in root.iter("parentImage") if image.get("id"))
    ident = str(uid.get("id")) if uid is not None and uid.get("id") else name
    return ReportRecord(
        ident, Report(**parts), ";".join(tags), films or (ident,), {"patient": ident}
    )
