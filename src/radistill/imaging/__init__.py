"""Bytes to pixels: one decoder and one preprocessing, shared by training and runtime, no torch."""

from typing import TYPE_CHECKING

from radistill.lazy import lazy

if TYPE_CHECKING:
    from radistill.imaging.content import read_content
    from radistill.imaging.limits import MAX_BYTES, Limits
    from radistill.imaging.preprocess import (
        PREPROCESSING_VERSION,
        to_eight_bits,
        to_square,
        to_unit,
    )
    from radistill.imaging.read import decode, read_picture
    from radistill.imaging.refusal import Code, DecodeError

# The program that asks for films to be decoded starts without Pillow.
__getattr__ = lazy(
    __name__,
    {
        "MAX_BYTES": ".limits",
        "PREPROCESSING_VERSION": ".preprocess",
        "Code": ".refusal",
        "DecodeError": ".refusal",
        "Limits": ".limits",
        "decode": ".read",
        "read_content": ".content",
        "read_picture": ".read",
        "to_eight_bits": ".preprocess",
        "to_square": ".preprocess",
        "to_unit": ".preprocess",
    },
)

__all__ = [
    "MAX_BYTES",
    "PREPROCESSING_VERSION",
    "Code",
    "DecodeError",
    "Limits",
    "decode",
    "read_content",
    "read_picture",
    "to_eight_bits",
    "to_square",
    "to_unit",
]
