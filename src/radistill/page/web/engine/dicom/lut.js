// Look-up tables of DICOM (PS3.3 C.11.1.1 and C.11.2.1.1).

import { rint } from "../depth.js";
import { damaged } from "./tags.js";

/** The first table of a sequence, null where there is none: some files have items without one.
 * Throws for one that is damaged. */
export function readLut(elements, keyword) {
  const filled = (item) => item.bytes("LUTDescriptor")?.length || item.bytes("LUTData")?.length;
  const item = elements.items(keyword).find(filled);
  if (!item) return null;
  let table;
  try {
    table = readItem(item);
  } catch {
    table = null;
  }
  if (!table || table.bits < 8 || table.bits > 16) throw damaged(keyword);
  return table;
}

function readItem(item) {
  const descriptor = item.values("LUTDescriptor");
  if (descriptor.length !== 3) return null;
  const [entries, first, bits] = descriptor;
  const count = entries & 0xffff || 65536;
  const bytes = item.bytes("LUTData");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < count) return null;
  // Of 16 bits, or of 8 where it is half as long.
  const wide = bytes.length >= 2 * count;
  const at = wide ? (i) => view.getUint16(2 * i, item.little) : (i) => bytes[i];
  return { first, bits, entries: Float64Array.from({ length: count }, (_, i) => at(i)) };
}

/** Values to entries; fractions are rounded first. */
export function lookUp({ first, entries }, values) {
  const last = entries.length - 1;
  return values.map((value) => entries[Math.min(last, Math.max(0, rint(value) - first))]);
}

/** Values to the upper eight bits of their entries. */
export function toBytes(lut, values, inverted) {
  const scale = 2 ** (lut.bits - 8);
  return lookUp(lut, values).map((entry) => {
    const grey = Math.min(255, Math.max(0, Math.floor(entry / scale)));
    return inverted ? 255 - grey : grey;
  });
}
