"""environment.json: what the figures of a run may depend on besides its configuration."""

from collections.abc import Mapping

from radistill.schema.record import Record


class Environment(Record):
    """packages: version by name. command: as it was typed."""

    radistill: str = ""
    python: str = ""
    platform: str = ""
    processor: str = ""
    cpus: int | None = None
    command: tuple[str, ...] = ()
    packages: Mapping[str, str] = {}
