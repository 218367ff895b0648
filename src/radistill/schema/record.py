"""What every JSON file of radistill has in common: frozen models, read and written the same way."""

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from radistill.errors import RadistillError
from radistill.files import write_json

Interval = tuple[float, float]  # the ends of a 95 % interval


class Record(BaseModel):
    """A frozen model. NaN and infinity are refused; a field that is not set is not written.

    So an absent key means that a figure was not asked for, null that the films do not determine it.
    """

    model_config = ConfigDict(frozen=True, defer_build=True, allow_inf_nan=False)


R = TypeVar("R", bound=Record)


def read_record(kind: type[R], path: Path) -> R:
    """The `kind` that the JSON file `path` holds.

    Raises RadistillError, with the way out, if the file is missing, damaged or of a newer format.
    """
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise RadistillError(
            f"{path}: cannot be read ({error.strerror}). Run the study again to make it."
        ) from None
    except UnicodeDecodeError:
        raise RadistillError(f"{path}: is not JSON. Delete it and run the study again.") from None
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        raise RadistillError(f"{path}: {_problem(error)}") from None


def write_record(path: Path, record: Record) -> None:
    """Write `record` to `path` atomically, without the fields that are not set."""
    write_json(path, record.model_dump(mode="json", exclude_unset=True, by_alias=True))


def _problem(error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"]))
    if first["type"] == "json_invalid":
        return "is not JSON. Delete it and run the study again."
    if where == "format":
        return (
            f"is of format {first['input']!r}, which this version of radistill does not read. "
            "Install the version that wrote it, or delete it and run the study again."
        )
    return f"is damaged ({where}: {first['msg']}). Delete it and run the study again."
