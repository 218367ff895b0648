"""The files of a request, in memory: multipart or a raw body."""

import re

from python_multipart.multipart import parse_options_header
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from radistill.imaging.sandbox.intake import Upload
from radistill.serve.http_refusal import Refusal

FIELD = "files"
RAW = ("application/dicom", "application/octet-stream")
LONGEST_NAME = 255
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class _InMemory(MultiPartParser):
    """Starlette's parser without its temporary files for more than a megabyte.

    ended: whether the body was complete, which Starlette does not check.
    """

    spool_max_size = 0  # SpooledTemporaryFile: never rolls over
    ended = False

    def on_end(self) -> None:
        self.ended = True


async def uploads_of(request: Request, max_files: int) -> list[Upload]:
    """The files in order, by the client's names; the name of a raw body is empty.

    Raises Refusal: 415 for another content type or an encoded body, 400 for a body that is no
    multipart, 413 for too many files, 422 for other fields or no file.
    """
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Refusal(415, "content-encoding", "send the body without Content-Encoding")
    kind = parse_options_header(request.headers.get("content-type", ""))[0].decode("latin-1")
    if kind == "multipart/form-data":
        return await _multipart(request, max_files)
    if kind.startswith("image/") or kind in RAW:
        return [Upload("", await request.body())]
    raise Refusal(
        415,
        "content-type",
        f"send multipart/form-data with a field '{FIELD}', or a raw body as image/*, "
        + " or ".join(RAW),
    )


async def _multipart(request: Request, max_files: int) -> list[Upload]:
    # One file more than allowed: too many are another refusal than a damaged body.
    parser = _InMemory(request.headers, request.stream(), max_files=max_files + 1, max_fields=0)
    try:
        form = await parser.parse()
    except MultiPartException as error:
        if error.message.startswith("Too many files"):
            raise _too_many(max_files) from None
        if error.message.startswith("Too many fields"):
            raise _only_files() from None
        raise _not_multipart() from None
    uploads = []
    try:
        if not parser.ended:
            raise _not_multipart()
        for name, value in form.multi_items():
            if name != FIELD or not isinstance(value, UploadFile):
                raise _only_files()
            uploads.append(Upload(base_name(value.filename or ""), await value.read()))
    finally:
        await form.close()
    if not uploads:
        raise Refusal(422, "no-file", f"there is no file in the field '{FIELD}'")
    if len(uploads) > max_files:
        raise _too_many(max_files)
    return uploads


def base_name(name: str) -> str:
    """The part after the last slash of either kind, without control characters, shortened."""
    last = re.split(r"[/\\]", name)[-1]
    return _UNPRINTABLE.sub("", last).strip()[:LONGEST_NAME]


def _not_multipart() -> Refusal:
    return Refusal(400, "multipart", "the body is no multipart, or cut off")


def _too_many(max_files: int) -> Refusal:
    return Refusal(413, "too-many-files", f"send at most {max_files} files at a time")


def _only_files() -> Refusal:
    return Refusal(422, "unknown-field", f"send files in the field '{FIELD}', and nothing else")
