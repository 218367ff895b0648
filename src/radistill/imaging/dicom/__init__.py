"""DICOM radiographs to pixels. Only `looks_like_dicom` is imported before there is one to read."""

from radistill.imaging.dicom.recognise import looks_like_dicom

__all__ = ["looks_like_dicom"]
