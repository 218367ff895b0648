// Bytes to elements, with dicom-parser: files with and without preamble, of any byte order.

import { Inflate } from "../../vendor/fflate.js";
import parser from "../../vendor/dicom-parser.js";
import { Refusal } from "../refusal.js";
import { Elements, sequenceVr } from "./tags.js";

const DEFLATED = "1.2.840.10008.1.2.1.99";
const IMPLICIT = "1.2.840.10008.1.2";
const BIG_ENDIAN = "1.2.840.10008.1.2.2";
export const EXPLICIT = "1.2.840.10008.1.2.1";
const PREAMBLE = 132;
const DEEPEST = 500; // sequences in one another; real files have a handful

/** { elements, syntax }. Throws a Refusal: truncated, too-large or unreadable. */
export function parse(bytes, limits) {
  const marked = String.fromCharCode(...bytes.subarray(PREAMBLE - 4, PREAMBLE)) === "DICM";
  const { named, end } = readMeta(bytes, marked ? PREAMBLE : 0);
  let [body, start] = [bytes, end];
  let syntax = named;
  if (named === DEFLATED && marked) {
    [body, start, syntax] = [inflated(bytes.subarray(end), limits), 0, EXPLICIT];
  }
  syntax ||= guessed(body, start);
  const big = syntax === BIG_ENDIAN;
  const numbers = big ? parser.bigEndianByteArrayParser : parser.littleEndianByteArrayParser;
  const dataset = new parser.DataSet(numbers, body, {});
  readElements(dataset, start, syntax === IMPLICIT);
  const elements = new Elements(dataset, !big);
  if (!elements.has("PixelData") && holdsPixels(body)) {
    const reason = "the DICOM file stops within its pixels; copy it again from its source";
    throw new Refusal("truncated", reason);
  }
  return { elements, syntax };
}

function readElements(dataset, start, implicit) {
  const { byteArray, byteArrayParser } = dataset;
  try {
    const stream = new parser.ByteStream(byteArrayParser, byteArray, start);
    if (implicit) {
      const vrCallback = sequenceVr;
      parser.parseDicomDataSetImplicit(dataset, stream, byteArray.length, { vrCallback });
    } else {
      parser.parseDicomDataSetExplicit(dataset, stream, byteArray.length, {});
    }
  } catch (error) {
    if (error instanceof RangeError) throw tooDeep();
    // An element that the file stops within is left out; the rest is read.
  }
  if (deep(dataset, 0)) throw tooDeep();
}

const tooDeep = () => new Refusal("unreadable", "damaged DICOM file (sequences without end)");

function deep(dataset, depth) {
  if (depth > DEEPEST) return true;
  return Object.values(dataset.elements).some((element) =>
    element.items?.some((item) => item.dataSet && deep(item.dataSet, depth + 1)),
  );
}

/** The transfer syntax that the file meta information names, and where that ends. */
function readMeta(bytes, start) {
  const numbers = parser.littleEndianByteArrayParser;
  let named = "";
  let end = start;
  try {
    const stream = new parser.ByteStream(numbers, bytes, start);
    while (end + 8 <= bytes.length && numbers.readUint16(bytes, end) === 2) {
      const element = parser.readDicomElementExplicit(stream, []);
      if (element.tag === "x00020010") {
        named = parser.readFixedString(bytes, element.dataOffset, element.length).trim();
      }
      end = stream.position;
    }
  } catch {
    // Cut off: the rest is missing too.
  }
  return { named: named.replace(/\0+$/, "").trim(), end };
}

/** Of a file that does not say, by its first element. */
function guessed(bytes, at) {
  const vr = String.fromCharCode(...bytes.subarray(at + 4, at + 6));
  if (!/^[A-Z]{2}$/.test(vr)) return IMPLICIT;
  return bytes[at] === 0 && bytes[at + 1] >= 4 ? BIG_ENDIAN : EXPLICIT;
}

function inflated(packed, limits) {
  const parts = [];
  let size = 0;
  let ended = false;
  const inflator = new Inflate((part, last) => {
    size += part.length;
    limits.checkBytes(size);
    parts.push(part);
    ended ||= last;
  });
  try {
    const step = 65536;
    for (let at = 0; at < packed.length; at += step) {
      inflator.push(packed.subarray(at, at + step), at + step >= packed.length);
    }
  } catch (error) {
    if (error instanceof Refusal) throw error;
    if (error.code !== 0) throw new Refusal("unreadable", "damaged DICOM file (deflated badly)");
    ended = false;
  }
  if (!ended) {
    const reason = "the deflated DICOM file stops before its end; copy it again from its source";
    throw new Refusal("truncated", reason);
  }
  const body = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    body.set(part, at);
    at += part.length;
  }
  return body;
}

/** Whether the tag of PixelData is anywhere, in either byte order. */
function holdsPixels(bytes) {
  for (let at = bytes.indexOf(0xe0); at >= 0; at = bytes.indexOf(0xe0, at + 1)) {
    if (bytes[at + 1] === 0x7f && bytes[at + 2] === 0x10 && bytes[at + 3] === 0) return true;
    if (bytes[at - 1] === 0x7f && bytes[at + 1] === 0 && bytes[at + 2] === 0x10) return true;
  }
  return false;
}
