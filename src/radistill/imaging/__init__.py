"""Bytes to pixels: one decoder and one preprocessing, shared by training and runtime, no torch."""

from radistill.imaging.content import read_content
from radistill.imaging.decode import decode, read_picture
from radistill.imaging.limits import MAX_BYTES, MAX_PIXELS, Limits
from radistill.imaging.picture import Picture
from radistill.imaging.preprocess import (
    PREPROCESSING_VERSION,
    bits_in_use,
    to_eight_bits,
    to_square,
    to_unit,
)
from radistill.imaging.refusal import Code, DecodeError

__all__ = [
    "MAX_BYTES",
    "MAX_PIXELS",
    "PREPROCESSING_VERSION",
    "Code",
    "DecodeError",
    "Limits",
    "Picture",
    "bits_in_use",
    "decode",
    "read_content",
    "read_picture",
    "to_eight_bits",
    "to_square",
    "to_unit",
]
