"""DICOM radiographs to pixels. Only `is_dicom` is imported before there is one to read."""

from radistill.imaging.dicom.recognise import is_dicom

__all__ = ["is_dicom"]
