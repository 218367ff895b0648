// The pixel containers of one grey frame, of any transfer syntax that is read.

import { decodeWith, LoadError } from "../codecs.js";
import { Refusal } from "../refusal.js";
import { firstFrame, readHeader, withoutPadding } from "./codestream.js";
import { unpackRle } from "./rle.js";
import { damaged, wholeNumber } from "./tags.js";

const ROOT = "1.2.840.10008.1.2";
const NATIVE = [ROOT, `${ROOT}.1`, `${ROOT}.1.99`, `${ROOT}.2`];
const STREAMS = ["50", "51", "57", "70", "80", "81", "90", "91"].map((end) => `${ROOT}.4.${end}`);
const DECODERS = {
  JPEG: (frame) => decodeWith("jpeg", frame),
  "lossless JPEG": lossless,
  "JPEG-LS": jpegLs,
  "JPEG 2000": (frame) => decodeWith("openjpeg", frame),
};
const MOST_PADDING = 4;
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

/**
 * { containers: Uint8Array or Uint16Array (rows x columns), layout }: as they lie in the file, with
 * the layout of a compressed stream where the header says too little of it.
 */
export async function readContainers(elements, syntax, layout) {
  const count = layout.rows * layout.columns;
  if (NATIVE.includes(syntax)) {
    return { containers: native(elements, syntax, layout, count), layout };
  }
  if (syntax === RLE) {
    return { containers: unpackRle(firstFrame(elements), count, layout.allocated / 8), layout };
  }
  if (!STREAMS.includes(syntax)) {
    throw new Refusal("unsupported", "compressed in a way that is not read");
  }
  const frame = firstFrame(elements);
  const header = checked(readHeader(frame), layout);
  let decoded;
  try {
    decoded = await DECODERS[header.coding](withoutPadding(frame));
  } catch (error) {
    if (error instanceof LoadError || error instanceof Refusal) throw error;
    throw new Refusal("unreadable", "damaged DICOM file (its compressed pixels do not decode)");
  }
  return fitted(samplesOf(decoded, count), header, layout);
}

function checked(header, { rows, columns }) {
  if (!header) throw new Refusal("unreadable", "its compressed pixels have no header");
  const { coding, bits, components, width, height } = header;
  if (components >= 3) {
    throw new Refusal("colour", "its compressed pixels are in colour; send the grey film");
  }
  if (coding === "JPEG" && bits !== 8) {
    throw new Refusal("unsupported", `JPEG of ${bits} bits; convert it with dcmdjpeg`);
  }
  if (!DECODERS[coding] || bits > 16) {
    throw new Refusal("unsupported", `${coding} of ${bits} bits; convert it with gdcmconv --raw`);
  }
  if (components !== 1 || height !== rows || width !== columns) throw otherSize();
  return header;
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

/** A decoder's bytes as numbers with their sign. */
function samplesOf({ width, height, components, bits, signed, data }, count) {
  if (components !== 1 || width * height !== count) throw otherSize();
  const Kind = bits > 8 ? (signed ? Int16Array : Uint16Array) : signed ? Int8Array : Uint8Array;
  return new Kind(data.buffer, data.byteOffset, count);
}

/** Where samples do not fit into the bits that the header names, the stream's own depth counts:
 * cut off, they would start again from black. */
function fitted(samples, header, said) {
  const layout = { ...said, signed: said.signed || header.signed };
  if (header.coding === "JPEG") Object.assign(layout, { allocated: 8, stored: 8, high: 7 });
  const most = samples.reduce((top, value) => Math.max(top, value < 0 ? -value - 1 : value), 0);
  if (most >> (layout.high + 1 - Number(header.signed))) {
    const { bits } = header;
    Object.assign(layout, { allocated: bits > 8 ? 16 : 8, stored: bits, high: bits - 1 });
  }
  const Kind = layout.allocated === 16 ? Uint16Array : Uint8Array;
  return { containers: new Kind(samples), layout };
}

/** Some encoders pad before the end marker, which CharLS counts as damage. */
async function jpegLs(frame) {
  for (let left = MOST_PADDING; ; left--) {
    try {
      return await decodeWith("charls", frame);
    } catch (error) {
      const zero = frame.length - 3;
      if (error instanceof LoadError || left === 1 || frame[zero] !== 0) throw error;
      frame = frame.slice(0, -1);
      frame.set([0xff, 0xd9], zero);
    }
  }
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
