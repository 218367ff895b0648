"""One file to the answer about it, in the process that calls it."""

import hashlib
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from radistill.imaging.content import read_content
from radistill.imaging.limits import Limits, out_of_memory
from radistill.imaging.read import read_picture
from radistill.imaging.refusal import Code, DecodeError
from radistill.imaging.resample import shrink
from radistill.imaging.sandbox.decoded import Decoded, Refused, result_of


def decode_here(
    name: str, content: bytes, limits: Limits, wanted: Mapping[str, Any]
) -> Decoded | Refused:
    """What `Intake.decode` gives for the bytes of a file, without a process of its own.

    Bytes and pixels are limited, memory and time are not, and a decoder that crashes ends the
    caller. wanted: as of `answer_of`.
    """
    try:
        limits.check_bytes(len(content))
    except DecodeError as error:
        return Refused(name, error.code, error.reason)
    head, body = answer_of(content, limits, wanted)
    return result_of(name, (head, bytearray(body)), wanted["square"])


def answer_of(
    source: Path | bytes, limits: Limits, wanted: Mapping[str, Any]
) -> tuple[dict[str, Any], bytes]:
    """Head and body of a frame: the film of a file or of its bytes, or why there is none.

    wanted: "square", "preview" and "sources" of a request, see `radistill.imaging.sandbox.worker`.
    """
    start = time.perf_counter()
    try:
        content = read_content(source, limits) if isinstance(source, Path) else source
        picture = read_picture(content, limits)
        film = picture.eight_bits()
        answer = {
            "sha256": hashlib.sha256(content).hexdigest(),
            "height": film.height,
            "width": film.width,
            "source": picture.source,
            "tags": dict(picture.tags),
        }
        body = (shrink(film, wanted["square"]) if wanted["square"] else film).tobytes()
        if picture.source in wanted["sources"]:
            preview = film.copy()
            preview.thumbnail((wanted["preview"], wanted["preview"]), Image.Resampling.BILINEAR)
            answer["preview"] = [preview.height, preview.width]
            body += preview.tobytes()
        answer["ms"] = 1000 * (time.perf_counter() - start)
        return answer, body
    except DecodeError as error:
        refusal = error
    except MemoryError:
        refusal = out_of_memory()
    except Exception as error:  # never a traceback: its values may name the patient
        refusal = DecodeError(Code.UNREADABLE, f"damaged file ({type(error).__name__})")
    return {"code": refusal.code, "message": refusal.reason}, b""
