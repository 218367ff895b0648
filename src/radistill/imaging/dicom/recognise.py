"""Whether bytes are DICOM, without a parser."""

_VRS = frozenset(
    b"AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN UR "
    b"US UT UV".split()
)
_LONGEST = 256  # no element that a dataset begins with is longer


def is_dicom(head: bytes) -> bool:
    """Whether a file that begins with `head` (512 bytes or all there are) is DICOM.

    Either the mark of PS3.10 7.1, or, for files that lack preamble and mark, a first element of
    group 0002 or 0008: explicit VR of either byte order, or implicit VR with a short value.
    """
    if head[128:132] == b"DICM":
        return True
    if len(head) < 16:
        return False
    if head[:2] in (b"\x02\x00", b"\x08\x00") and head[3] == 0:
        return head[4:6] in _VRS or int.from_bytes(head[4:8], "little") <= _LONGEST
    return head[:3] == b"\x00\x08\x00" and head[4:6] in _VRS
