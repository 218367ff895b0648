"""What answers say of themselves, and their UIDs: the same film and model give the same ones."""

import uuid

NOTICE = "For research and teaching. Not for diagnostic use."
MANUFACTURER = "radistill"
_SPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://radistill.invalid/node")


def answer_uid(kind: str, *names: str) -> str:
    """A UID under 2.25 (PS3.5 B.2), from the name-based UUID of its kind and `names`.

    names: the film's SOP Instance UID and the model's sha256.
    """
    return f"2.25.{uuid.uuid5(_SPACE, '|'.join((kind, *names))).int}"
