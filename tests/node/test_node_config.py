"""node.yaml: what is read, and what is refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from radistill.errors import UsageError
from radistill.node.node_config import NodeConfig, commented_config, read_node_config

TARGET = {"name": "a", "kind": "folder", "path": "answers"}


def test_the_commented_file_is_valid_and_says_the_defaults(tmp_path: Path) -> None:
    (tmp_path / "node.yaml").write_text(commented_config())
    config = read_node_config(tmp_path / "node.yaml")
    defaults = NodeConfig(targets=config.targets)
    for name in ("limits", "retries", "decision", "status", "log", "host", "port", "ae_title"):
        assert getattr(config, name) == getattr(defaults, name), name
    assert config.spool.path == tmp_path / "spool"
    assert config.ledger.path == tmp_path / "ledger"


def test_every_setting_is_explained() -> None:
    text = commented_config()
    for name in NodeConfig.model_fields:
        assert f"{name}:" in text, name


BAD = {
    "unknown": {"targets": [TARGET], "ports": 1},
    "no target": {"targets": []},
    "two names": {"targets": [TARGET, TARGET]},
    "unknown target": {"targets": [TARGET], "rules": [{"targets": ["b"]}]},
    "kind": {"targets": [{**TARGET, "kind": "fax"}]},
    "AE title": {"targets": [TARGET], "ae_title": "a title that is too long"},
    "backslash": {"targets": [TARGET], "ae_title": "A\\B"},
    "url": {"targets": [{"name": "a", "kind": "dicomweb", "url": "ftp://x"}]},
    "url without host": {"targets": [{"name": "a", "kind": "dicomweb", "url": "http://"}]},
    "url with a space": {"targets": [{"name": "a", "kind": "dicomweb", "url": "http://a b/"}]},
    "tls without key": {"targets": [TARGET], "tls": {"certificate": "x"}},
    "threshold": {"targets": [TARGET], "decision": {"threshold": 2}},
    "port": {"targets": [TARGET], "port": 70000},
    "text": "targets",
    "empty": None,
}


@pytest.mark.parametrize("values", BAD.values(), ids=BAD)
def test_what_is_wrong_is_named(tmp_path: Path, values: object) -> None:
    file = tmp_path / "node.yaml"
    file.write_text(yaml.safe_dump(values))
    with pytest.raises(UsageError, match=r"node\.yaml: "):
        read_node_config(file)


def test_the_first_rule_that_fits_decides() -> None:
    rules = [
        {"view": ["LATERAL"], "targets": []},
        {"source": ["CT1"], "modality": ["DX", "CR"], "targets": ["b"]},
        {"body_part": ["HAND"], "targets": ["a"]},
    ]
    targets = [TARGET, {**TARGET, "name": "b"}]
    config = NodeConfig.model_validate({"targets": targets, "rules": rules})
    assert config.targets_of("CT1", "DX", "CHEST", "LATERAL") == ()
    assert config.targets_of("CT1", "DX", "HAND", "PA") == ("b",)
    assert config.targets_of("CT1", "OT", "HAND", "PA") == ("a",)
    assert config.targets_of("CT1", "OT", "CHEST", "PA") == ("a", "b")


def test_paths_lie_beside_the_file(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "node.yaml"
    file.parent.mkdir()
    tls = {"certificate": "c.pem", "key": "/k.pem"}
    source = {"kind": "folder", "path": "in"}
    file.write_text(yaml.safe_dump({"targets": [TARGET], "tls": tls, "sources": [source]}))
    config = read_node_config(file)
    assert config.targets[0].path == file.parent / "answers"
    assert config.tls.certificate == file.parent / "c.pem"
    assert config.tls.key == Path("/k.pem")
    assert config.sources[0].path == file.parent / "in"
