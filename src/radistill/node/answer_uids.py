"""UIDs of answers: the same film and model always give the same ones."""

import uuid

_SPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://radistill.invalid/node")


def answer_uid(kind: str, *names: str) -> str:
    """A UID under 2.25 (PS3.5 B.2), from the name-based UUID of its kind and `names`.

    names: the film's SOP Instance UID and the model's sha256.
    """
    return f"2.25.{uuid.uuid5(_SPACE, '|'.join((kind, *names))).int}"
