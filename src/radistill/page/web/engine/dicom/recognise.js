// Whether bytes are DICOM, without a parser: radistill.imaging.dicom.recognise.

export const VRS = new Set(
  (
    "AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN " +
    "UR US UT UV"
  ).split(" "),
);
const LONGEST = 256; // no element that a dataset begins with is longer

const text = (bytes, from, to) => String.fromCharCode(...bytes.subarray(from, to));

export function looksLikeDicom(bytes) {
  if (text(bytes, 128, 132) === "DICM") return true;
  if (bytes.length < 16) return false;
  const [a, b, c, d] = bytes;
  if ((a === 2 || a === 8) && b === 0 && d === 0) {
    const length = bytes[4] + bytes[5] * 2 ** 8 + bytes[6] * 2 ** 16 + bytes[7] * 2 ** 24;
    return VRS.has(text(bytes, 4, 6)) || length <= LONGEST;
  }
  return a === 0 && b === 8 && c === 0 && VRS.has(text(bytes, 4, 6));
}
