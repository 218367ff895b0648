"""node.yaml: every setting of the node, checked when it is read; see node.yaml beside this."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from radistill.errors import UsageError
from radistill.runtime.prediction_options import Precision, PredictionOptions

AETitle = Annotated[str, Field(pattern=r"^[!-\[\]-~](?:[ -\[\]-~]{0,14}[!-\[\]-~])?$")]  # VR AE
Port = Annotated[int, Field(ge=0, le=65535)]
Seconds = Annotated[float, Field(gt=0)]
Values = Annotated[tuple[str, ...], Field(min_length=1)]


class NodeSetting(BaseModel):
    """Read from YAML, never changed; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Tls(NodeSetting):
    """certificate, key: PEM files of this side. authority: PEM of who signs the other side's
    certificate, which then must show one."""

    certificate: Path | None = None
    key: Path | None = None
    authority: Path | None = None


class Sender(NodeSetting):
    """Who may send. host: address it must come from, any where None."""

    ae_title: AETitle
    host: str | None = None


class DicomTarget(NodeSetting):
    """C-STORE to a peer."""

    kind: Literal["dicom"]
    name: str
    ae_title: AETitle
    host: str
    port: Port
    tls: Tls | None = None


class WebServer(NodeSetting):
    """url: base of a DICOMweb server, or of an Orthanc. password_file: its first line is taken.
    authority: PEM of who signs its certificate, where the system does not know."""

    url: Annotated[str, Field(pattern=r"^https?://[^\s/:]\S*$")]
    user: str | None = None
    password_file: Path | None = None
    authority: Path | None = None


class WebTarget(WebServer):
    """STOW-RS to a DICOMweb server."""

    kind: Literal["dicomweb"]
    name: str


class FolderTarget(NodeSetting):
    """A file an answer, named by its UID."""

    kind: Literal["folder"]
    name: str
    path: Path


class OrthancSource(WebServer):
    """Polls /changes of an Orthanc by its REST interface."""

    kind: Literal["orthanc"]
    seconds: Seconds = 2.0


class WebSource(WebServer):
    """Polls a DICOMweb server: QIDO for films of the last `days` days, WADO for each new one."""

    kind: Literal["dicomweb"]
    seconds: Seconds = 10.0
    days: int = Field(1, ge=0)


class FolderSource(NodeSetting):
    """Takes DICOM files out of a folder; those refused go into its folder `refused`."""

    kind: Literal["folder"]
    path: Path
    seconds: Seconds = 1.0


class Rule(NodeSetting):
    """The first rule that a film fits says where its answers go; to no target: not answered.

    What is not named fits every film. source: calling AE titles, or the kind of a source.
    """

    source: Values | None = None
    modality: Values | None = None
    body_part: Values | None = None
    view: Values | None = None
    targets: tuple[str, ...]


class NodeLimits(NodeSetting):
    """associations: at a time. megabytes: of a film. films_per_minute: of one sender. silence:
    seconds that a peer may say nothing. decode_seconds, workers: of decoding processes."""

    associations: int = Field(8, ge=1)
    megabytes: int = Field(128, ge=1)
    films_per_minute: int = Field(6000, ge=1)
    silence: Seconds = 30.0
    decode_seconds: Seconds = 30.0
    workers: int = Field(1, ge=1)


class SpoolSettings(NodeSetting):
    """keep_hours: films and answers after delivery. most_megabytes: delivered ones go earlier, and
    then films are refused. free_megabytes: left on the disk, or films are refused."""

    path: Path = Path("spool")
    keep_hours: float = Field(24.0, ge=0)
    most_megabytes: int = Field(20_000, ge=1)
    free_megabytes: int = Field(1000, ge=0)


class Retries(NodeSetting):
    """Seconds between tries double from `first` to `longest`. attempts: while a target cannot be
    reached (1000 is a week). refusals: by a target that answers, for one film."""

    first: Seconds = 1.0
    longest: Seconds = 600.0
    attempts: int = Field(1000, ge=1)
    refusals: int = Field(5, ge=1)


class LedgerSettings(NodeSetting):
    path: Path = Path("ledger")
    keep_days: int = Field(183, ge=1)


class StatusPage(NodeSetting):
    host: str = "127.0.0.1"
    port: Port = 8043


Target = Annotated[DicomTarget | WebTarget | FolderTarget, Field(discriminator="kind")]
Source = Annotated[OrthancSource | WebSource | FolderSource, Field(discriminator="kind")]


class NodeConfig(NodeSetting):
    """The whole of node.yaml. Paths are relative to the file."""

    ae_title: AETitle = "RADISTILL"
    host: str = "127.0.0.1"
    port: Port = 11112
    tls: Tls | None = None
    senders: tuple[Sender, ...] = ()
    sources: tuple[Source, ...] = ()
    targets: Annotated[tuple[Target, ...], Field(min_length=1)]
    rules: tuple[Rule, ...] = ()
    bundle: str | None = None
    precision: Precision = "auto"
    decision: PredictionOptions = PredictionOptions()
    limits: NodeLimits = NodeLimits()
    spool: SpoolSettings = SpoolSettings()
    retries: Retries = Retries()
    ledger: LedgerSettings = LedgerSettings()
    status: StatusPage | None = StatusPage()
    log: Literal["text", "json"] = "text"

    @model_validator(mode="after")
    def _consistent(self) -> NodeConfig:
        names = [target.name for target in self.targets]
        if len(set(names)) < len(names):
            raise ValueError("targets: two have the same name")
        for rule in self.rules:
            for name in set(rule.targets) - set(names):
                raise ValueError(f"rules: there is no target '{name}'")
        if self.tls and not (self.tls.certificate and self.tls.key):
            raise ValueError("tls: give certificate and key")
        return self

    def targets_of(self, source: str, modality: str, body_part: str, view: str) -> tuple[str, ...]:
        """Names of the targets for a film; all of them where no rule fits."""
        film = {"source": source, "modality": modality, "body_part": body_part, "view": view}
        for rule in self.rules:
            wanted = {name: getattr(rule, name) for name in film}
            if all(wanted[name] is None or film[name] in wanted[name] for name in film):
                return rule.targets
        return tuple(target.name for target in self.targets)


def commented_config() -> str:
    """A node.yaml to start with, every setting explained."""
    return (resources.files("radistill.node") / "node.yaml").read_text("utf-8")


def read_node_config(file: Path) -> NodeConfig:
    """The settings in `file`. Raises UsageError naming the setting that is wrong."""
    try:
        values = yaml.safe_load(file.read_text("utf-8"))
        config = NodeConfig.model_validate(values or {})
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"{file}: cannot be read ({error}); see `radistill node init`") from None
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(str(part) for part in problem["loc"])
        raise UsageError(f"{file}: {where}: {problem['msg']}".replace(": : ", ": ")) from None
    return _beside(config, file.absolute().parent)


def _beside(setting: NodeConfig, folder: Path) -> NodeConfig:
    """Relative paths, wherever they are, as seen from `folder`."""

    def placed(value: object) -> object:
        if isinstance(value, Path):
            return folder / value
        if isinstance(value, tuple):
            return tuple(placed(one) for one in value)
        if isinstance(value, NodeSetting):
            names = type(value).model_fields
            return value.model_copy(update={name: placed(getattr(value, name)) for name in names})
        return value

    made = placed(setting)
    assert isinstance(made, NodeConfig)
    return made
