"""Bytes to pixels: one decoder and one preprocessing, shared by training and runtime, no torch."""

from radistill.imaging.decode import MAX_BYTES, MAX_PIXELS, DecodeError, decode, read_content
from radistill.imaging.preprocess import PREPROCESSING_VERSION, bits_in_use, to_square, to_unit

__all__ = [
    "MAX_BYTES",
    "MAX_PIXELS",
    "PREPROCESSING_VERSION",
    "DecodeError",
    "bits_in_use",
    "decode",
    "read_content",
    "to_square",
    "to_unit",
]
