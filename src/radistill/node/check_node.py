"""`radistill node check`: whether each part of a configuration works, before it is needed."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from pydicom import dcmwrite

from radistill.errors import RadistillError
from radistill.node.answer import drawn_answers
from radistill.node.delivery import client_of, web_client, web_session
from radistill.node.judge import watched_model
from radistill.node.listener import server_tls
from radistill.node.node_config import FolderSource, NodeConfig, OrthancSource, Source, Target


def check_node(config: NodeConfig, *, send: bool = False) -> Iterator[tuple[str, str | None]]:
    """(what, None or what is wrong with it) for each part.

    send: let every target have a report and a capture of a black film, of a patient named
    "radistill^check", in a study that is always the same.
    """
    yield "bundle", _problem(lambda: watched_model(config))
    if config.tls is not None:
        tls = config.tls
        yield "tls", _problem(lambda: server_tls(tls))
    yield "disk", _problem(lambda: _check_disk(config))
    for source in config.sources:
        yield f"source {source.kind}", _problem(partial(_check_source, source))
    with tempfile.TemporaryDirectory() as folder:
        files = _test_objects(Path(folder), config) if send else []
        for target in config.targets:
            trial = partial(_try_target, target, config.ae_title, files)
            yield f"target {target.name}", _problem(trial)


def _try_target(target: Target, ae_title: str, files: list[Path]) -> None:
    client = client_of(target, ae_title)
    try:
        client.check()
        client.send(files)
    finally:
        client.rest()


def _problem(check: Callable[[], object]) -> str | None:
    try:
        check()
    except (RadistillError, OSError) as error:
        return str(error)
    return None


def _check_disk(config: NodeConfig) -> None:
    for folder in (config.spool.path, config.ledger.path):
        _check_writable(folder)
    free = shutil.disk_usage(_existing(config.spool.path)).free // 2**20
    if free < config.spool.free_megabytes:
        raise RadistillError(f"{free} MiB are free, spool.free_megabytes asks for more")


def _check_writable(folder: Path) -> None:
    """Create nothing that stays: the node may be another user."""
    with tempfile.TemporaryFile(dir=_existing(folder)):
        pass


def _existing(folder: Path) -> Path:
    return folder if folder.exists() else _existing(folder.parent)


def _check_source(source: Source) -> None:
    if isinstance(source, FolderSource):
        _check_writable(source.path)
    elif isinstance(source, OrthancSource):
        web_session(source).get(f"{source.url.rstrip('/')}/system", timeout=5).raise_for_status()
    else:
        web_client(source).search_for_studies(limit=1)


def _test_objects(folder: Path, config: NodeConfig) -> list[Path]:
    made = drawn_answers(watched_model(config).loaded)
    files = [folder / "report.dcm", folder / "capture.dcm"]
    for file, one in zip(files, made, strict=True):
        dcmwrite(file, one, enforce_file_format=True)
    return files
