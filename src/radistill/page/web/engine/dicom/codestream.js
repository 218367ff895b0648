// The compressed stream of the only frame, and what it says of itself before it is decoded.

import { Refusal } from "../refusal.js";

const ITEM = 0xfffee000;
const DELIMITER = 0xfffee0dd;

/** The fragments of PixelData (PS3.5, A.4) as one stream; the first item is an offset table. */
export function firstFrame(elements) {
  const { dataset } = elements;
  const bytes = dataset.byteArray;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const fragments = [];
  let at = elements.element("PixelData").dataOffset;
  for (;;) {
    if (at + 8 > bytes.length) throw cut();
    const tag = view.getUint16(at, true) * 65536 + view.getUint16(at + 2, true);
    const length = view.getUint32(at + 4, true);
    if (tag === DELIMITER) break;
    if (tag !== ITEM) throw new Refusal("unreadable", "damaged DICOM file (its fragments)");
    if (at + 8 + length > bytes.length) throw cut();
    fragments.push(bytes.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  const parts = fragments.slice(1);
  if (!parts.length) throw new Refusal("unreadable", "damaged DICOM file (no fragment)");
  if (parts.length === 1) return parts[0].slice();
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((end, part) => (whole.set(part, end), end + part.length), 0);
  return whole;
}

const cut = () =>
  new Refusal("truncated", "the DICOM file stops within its pixels; copy it again from its source");

const CODINGS = {
  0xc0: "JPEG", 0xc1: "JPEG", 0xc2: "JPEG", 0xc3: "lossless JPEG", 0xf7: "JPEG-LS",
  0xc5: "hierarchical JPEG", 0xc6: "hierarchical JPEG", 0xc7: "hierarchical JPEG",
  0xcd: "hierarchical JPEG", 0xce: "hierarchical JPEG", 0xcf: "hierarchical JPEG",
  0xc9: "JPEG with arithmetic coding", 0xca: "JPEG with arithmetic coding",
  0xcb: "JPEG with arithmetic coding",
};
const isBare = (marker) => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);

/**
 * { coding, width, height, components, bits, signed } of a JPEG, JPEG-LS or JPEG 2000 stream, or
 * null: radistill.imaging.codestream.
 */
export function readHeader(stream) {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.length);
  try {
    const jpeg = stream[0] === 0xff && stream[1] === 0xd8;
    return jpeg ? ofJpeg(stream, view) : ofJpeg2000(stream, view);
  } catch {
    return null; // it stops within its header
  }
}

function ofJpeg(stream, view) {
  let at = 2;
  while (stream[at] === 0xff) {
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) at += 1;
    else if (isBare(marker)) at += 2;
    else if (CODINGS[marker]) {
      const [height, width] = [view.getUint16(at + 5), view.getUint16(at + 7)];
      const [bits, components] = [view.getUint8(at + 4), view.getUint8(at + 9)];
      return { coding: CODINGS[marker], width, height, components, bits, signed: false };
    } else at += 2 + view.getUint16(at + 2);
  }
  return null;
}

/** ISO 15444-1, A.5.1: the image is the reference grid less its offset. */
function ofJpeg2000(stream, view) {
  for (let at = stream.indexOf(0xff); at >= 0; at = stream.indexOf(0xff, at + 1)) {
    if (view.getUint32(at) !== 0xff4fff51) continue;
    const [right, bottom, left, top] = [8, 12, 16, 20].map((more) => view.getUint32(at + more));
    const [components, depth] = [view.getUint16(at + 40), view.getUint8(at + 42)];
    const size = { width: right - left, height: bottom - top };
    const sample = { bits: (depth & 127) + 1, signed: depth > 127 };
    return { coding: "JPEG 2000", ...size, components, ...sample };
  }
  return null;
}

/** A stream up to its end marker, behind which files put a byte or two, or zeros. */
export function withoutPadding(stream) {
  for (let at = stream.length - 2; at >= 0; at--) {
    if (stream[at] !== 0xff || stream[at + 1] !== 0xd9) continue;
    const behind = stream.subarray(at + 2);
    const padding = behind.length <= 2 || behind.every((byte) => byte === 0);
    return padding ? stream.subarray(0, at + 2) : stream;
  }
  return stream;
}
