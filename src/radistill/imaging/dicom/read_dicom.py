"""A DICOM radiograph, as bytes, to a picture."""

from radistill.imaging.dicom.display import to_grey
from radistill.imaging.dicom.kind import check_kind
from radistill.imaging.dicom.parse import parse
from radistill.imaging.dicom.stored import read_containers, read_layout
from radistill.imaging.dicom.tags import population_tags
from radistill.imaging.limits import Limits, out_of_memory
from radistill.imaging.picture import Picture
from radistill.imaging.refusal import Code, DecodeError


def read_dicom(content: bytes, limits: Limits) -> Picture:
    """CR, DX or secondary capture of one grey frame to 8 bits, ready to look at.

    Modality LUT or slope, VOI LUT or window, MONOCHROME1 and presentation LUT shape INVERSE are
    applied, padding is black; docs/dicom.md has the whole chain. Overlays and PatientOrientation
    are not.

    Raises DecodeError; its reason names damaged elements but never repeats a value of the file.
    """
    stage = "header"
    try:
        dataset = parse(content, limits)
        check_kind(dataset)
        layout = read_layout(dataset, limits)
        tags = population_tags(dataset)
        stage = "pixels"
        containers, layout = read_containers(dataset, layout)
        del dataset.PixelData
        return Picture(to_grey(containers, dataset, layout), "dicom", tags)
    except DecodeError:
        raise
    except MemoryError:
        raise out_of_memory() from None
    except Exception as error:  # pydicom and its decoders raise nearly anything on damaged files
        # The kind of error only: its message may quote the patient.
        reason = f"damaged DICOM file ({type(error).__name__} in its {stage})"
        raise DecodeError(Code.UNREADABLE, reason) from None
