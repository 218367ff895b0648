// RLE of DICOM (PS3.5, annex G): a segment for each byte of the container, high byte first.

import { Refusal } from "../refusal.js";

const damaged = (what) => new Refusal("unreadable", `damaged DICOM file (RLE: ${what})`);

/** Uint8Array or Uint16Array of `count` containers of `size` bytes. */
export function unpackRle(frame, count, size) {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  if (frame.length < 64) throw damaged("no header");
  if (view.getUint32(0, true) !== size) throw damaged("another number of segments");
  const starts = Array.from({ length: size }, (_, i) => view.getUint32(4 + 4 * i, true));
  const planes = starts.map((start, i) => {
    const end = i + 1 < size ? starts[i + 1] : frame.length;
    if (start < 64 || end < start || end > frame.length) throw damaged("offsets");
    return unpackBits(frame.subarray(start, end), count);
  });
  if (size === 1) return planes[0];
  return Uint16Array.from({ length: count }, (_, i) => (planes[0][i] << 8) | planes[1][i]);
}

function unpackBits(packed, count) {
  const out = new Uint8Array(count);
  let filled = 0;
  for (let at = 0; at < packed.length && filled < count; ) {
    const code = packed[at++];
    if (code < 128) {
      const run = packed.subarray(at, at + code + 1).subarray(0, count - filled);
      out.set(run, filled);
      filled += run.length;
      at += code + 1;
    } else if (code > 128) {
      const end = Math.min(count, filled + 257 - code);
      out.fill(packed[at++], filled, end);
      filled = end;
    }
  }
  if (filled < count) throw damaged("too few pixels");
  return out;
}
