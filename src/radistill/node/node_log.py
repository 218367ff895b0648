"""The log of the node's processes, on standard error."""

import json
import logging
from typing import Literal

log = logging.getLogger("radistill.node")


def start_log(kind: Literal["text", "json"]) -> None:
    """Lines of text, or JSON objects, from INFO on."""
    handler = logging.StreamHandler()
    plain = logging.Formatter("%(asctime)s %(levelname)s %(message)s")
    handler.setFormatter(_JsonLines() if kind == "json" else plain)
    log.addHandler(handler)
    log.setLevel(logging.INFO)


class _JsonLines(logging.Formatter):
    """A log line as a JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
        }
        return json.dumps(line)
