"""Why a file was refused, as a code for programs and a sentence for people."""

from enum import StrEnum

from radistill.errors import RadistillError


class Code(StrEnum):
    """Stable codes of refusal; docs/intake.md says what to do about each."""

    MISSING = "missing"  # there is nothing at this path
    NOT_A_FILE = "not-a-file"  # a folder, pipe, socket or device
    NO_ACCESS = "no-access"  # the permissions forbid reading it
    CHANGED = "changed"  # written to while it was read
    EMPTY = "empty"
    NOT_AN_IMAGE = "not-an-image"  # its first bytes are of no known kind
    TRUNCATED = "truncated"  # stops before its end
    UNREADABLE = "unreadable"  # damaged otherwise
    TOO_LARGE = "too-large"  # more bytes, pixels or memory than allowed
    MULTI_FRAME = "multi-frame"  # more than one image
    UNSUPPORTED = "unsupported"  # pixels or a compression that are not read
    NO_PIXELS = "no-pixels"  # DICOM that holds no image
    MODALITY = "modality"  # DICOM of another kind than a radiograph
    COLOUR = "colour"  # DICOM with colour pixels
    TIMEOUT = "timeout"  # decoding took too long
    CRASHED = "crashed"  # decoding ended the process it ran in


class DecodeError(RadistillError):
    """A file that cannot be read as a radiograph.

    code: one of `Code`. reason: the same for people, without the file's name and without anything
        that the file says of a patient.
    """

    def __init__(self, code: Code, reason: str, name: str = "") -> None:
        super().__init__(f"{name}: {reason}" if name else reason)
        self.code = code
        self.reason = reason
