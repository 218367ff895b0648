// The compressed stream of the only frame, and the size that it declares before it is decoded.

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

const isBare = (marker) => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
const isFrame = (marker) =>
  marker === 0xf7 || (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker));

/** { width, height } of a JPEG, JPEG-LS or JPEG 2000 stream of one component, or null. */
export function declaredSize(stream) {
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
    else if (isFrame(marker)) {
      const [height, width] = [view.getUint16(at + 5), view.getUint16(at + 7)];
      return view.getUint8(at + 9) === 1 ? { width, height } : null;
    } else at += 2 + view.getUint16(at + 2);
  }
  return null;
}

/** ISO 15444-1, A.5.1: the image is the reference grid less its offset. */
function ofJpeg2000(stream, view) {
  for (let at = stream.indexOf(0xff); at >= 0; at = stream.indexOf(0xff, at + 1)) {
    if (view.getUint32(at) !== 0xff4fff51) continue;
    const [right, bottom, left, top] = [8, 12, 16, 20].map((more) => view.getUint32(at + more));
    return view.getUint16(at + 40) === 1 ? { width: right - left, height: bottom - top } : null;
  }
  return null;
}
