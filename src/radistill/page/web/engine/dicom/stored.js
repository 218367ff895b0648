// The pixel containers of one grey frame, of any transfer syntax that is read.

import { decodeWith, LoadError } from "../codecs.js";
import { Refusal } from "../refusal.js";
import { declaredSize, firstFrame } from "./codestream.js";
import { unpackRle } from "./rle.js";
import { damaged, wholeNumber } from "./tags.js";

const ROOT = "1.2.840.10008.1.2";
const NATIVE = [ROOT, `${ROOT}.1`, `${ROOT}.1.99`, `${ROOT}.2`];
const EXTENDED = `${ROOT}.4.51`;
const DECODERS = {
  [`${ROOT}.4.50`]: (frame) => decodeWith("jpeg", frame),
  [EXTENDED]: (frame) => decodeWith("jpeg", frame), // 8 bits of it
  [`${ROOT}.4.57`]: lossless,
  [`${ROOT}.4.70`]: lossless,
  [`${ROOT}.4.80`]: (frame) => decodeWith("charls", frame),
  [`${ROOT}.4.81`]: (frame) => decodeWith("charls", frame),
  [`${ROOT}.4.90`]: (frame) => decodeWith("openjpeg", frame),
  [`${ROOT}.4.91`]: (frame) => decodeWith("openjpeg", frame),
};
const RLE = `${ROOT}.5`;

/** How values lie in their containers: `stored` bits whose highest is bit `high`. */
export function readLayout(elements, limits) {
  const [rows, columns] = [wholeNumber(elements, "Rows"), wholeNumber(elements, "Columns")];
  if (rows < 1 || columns < 1) throw damaged("Rows or Columns");
  limits.checkPixels(columns, rows);
  const allocated = wholeNumber(elements, "BitsAllocated");
  if (allocated !== 8 && allocated !== 16) {
    throw new Refusal("unsupported", `${allocated} bits a pixel; 8 and 16 are read`);
  }
  const stored = wholeNumber(elements, "BitsStored", allocated);
  const high = wholeNumber(elements, "HighBit", stored - 1);
  if (!(1 <= stored && stored <= high + 1 && high + 1 <= allocated)) {
    throw damaged("BitsStored or HighBit");
  }
  const signed = wholeNumber(elements, "PixelRepresentation", 0);
  if (signed !== 0 && signed !== 1) throw damaged("PixelRepresentation");
  return { rows, columns, allocated, stored, high, signed: signed === 1 };
}

/** Uint8Array or Uint16Array (rows x columns), unsigned, as they lie in the file. */
export async function readContainers(elements, syntax, layout) {
  const count = layout.rows * layout.columns;
  if (NATIVE.includes(syntax)) return native(elements, syntax, layout, count);
  if (syntax !== RLE && !DECODERS[syntax]) {
    throw new Refusal("unsupported", "compressed in a way that is not read");
  }
  if (syntax === EXTENDED && layout.stored !== 8) {
    throw new Refusal("unsupported", "JPEG of 12 bits; convert it with dcmdjpeg");
  }
  const frame = firstFrame(elements);
  if (syntax === RLE) return unpackRle(frame, count, layout.allocated / 8);
  const size = declaredSize(frame);
  if (!size || size.width !== layout.columns || size.height !== layout.rows) throw otherSize();
  let decoded;
  try {
    decoded = await DECODERS[syntax](frame);
  } catch (error) {
    if (error instanceof LoadError || error instanceof Refusal) throw error;
    throw new Refusal("unreadable", "damaged DICOM file (its compressed pixels do not decode)");
  }
  return contained(decoded, layout, count);
}

function native(elements, syntax, { allocated }, count) {
  const { vr } = elements.element("PixelData");
  const bytes = elements.bytes("PixelData");
  const wide = allocated === 16;
  if (bytes.length < count * (wide ? 2 : 1)) {
    throw new Refusal("truncated", "fewer pixels than its header says; copy it again");
  }
  if (!wide) {
    // Words of two pixels each, the other way round.
    const pixels = bytes.slice(0, count + (count & 1));
    return (!elements.little && vr === "OW" ? pixels.map(swapped) : pixels).subarray(0, count);
  }
  const words = bytes.slice(0, 2 * count); // at an even address, as a Uint16Array must be
  return new Uint16Array((elements.little ? words : words.map(swapped)).buffer);
}

const swapped = (_, i, bytes) => bytes[i ^ 1] ?? 0;

/** A decoder's bytes as containers; a sign that the stream has is spread over them. */
function contained({ width, height, components, bits, signed, data }, layout, count) {
  if (components !== 1 || width * height !== count) throw otherSize();
  const wide = bits > 8;
  const { buffer, byteOffset } = data;
  const values = wide ? new (signed ? Int16Array : Uint16Array)(buffer, byteOffset, count) : data;
  return layout.allocated === 16 ? new Uint16Array(values) : new Uint8Array(values);
}

/** Process 14, every predictor. */
async function lossless(frame) {
  const { Decoder } = await import("../../vendor/lossless.js").catch((error) => {
    throw new LoadError(error.message);
  });
  const decoder = new Decoder();
  const { buffer, byteOffset, byteLength } = frame;
  const samples = decoder.decode(buffer, byteOffset, byteLength);
  const { dimX: width, dimY: height, numComp: components } = decoder.frame;
  const data = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength).slice();
  return { width, height, components, bits: 8 * samples.BYTES_PER_ELEMENT, signed: false, data };
}

function otherSize() {
  return new Refusal("unreadable", "its compressed pixels have another size than it says");
}
