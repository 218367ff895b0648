// A file to one grey picture; its format is recognised by its content.

import { readBmp, readWebp } from "./browser.js";
import { looksLikeDicom } from "./dicom/recognise.js";
import { LoadError } from "./codecs.js";
import { readJpeg } from "./jpeg.js";
import { damaged, Refusal } from "./refusal.js";

const starts = (...kinds) => (bytes) =>
  kinds.some((kind) => kind.every((byte, i) => bytes[i] === byte));
const II = [0x49, 0x49];
const MM = [0x4d, 0x4d];
const RIFF = [0x52, 0x49, 0x46, 0x46];
const WEBP = [0x57, 0x45, 0x42, 0x50];

/**
 * @typedef {(bytes: Uint8Array<ArrayBuffer>, limits: import("./refusal.js").Limits) =>
 *   Promise<Grey & { tags?: Tags }>} Read
 */

/**
 * DICOM first: its preamble may hold another format's first bytes (PS3.10, 7.1).
 * @type {[string, (bytes: Uint8Array) => boolean, () => Promise<Read>][]}
 */
const FORMATS = [
  ["DICOM", looksLikeDicom, async () => (await import("./dicom/read.js")).readDicom],
  ["JPEG", starts([0xff, 0xd8, 0xff]), async () => readJpeg],
  [
    "PNG",
    starts([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]),
    async () => (await import("./png.js")).readPng,
  ],
  [
    "TIFF",
    starts([...II, 42, 0], [...MM, 0, 42], [...II, 43, 0], [...MM, 0, 43]),
    async () => (await import("./tiff.js")).readTiff,
  ],
  ["BMP", starts([0x42, 0x4d]), async () => readBmp],
  [
    "WEBP",
    (bytes) => starts(RIFF)(bytes) && starts(WEBP)(bytes.subarray(8)),
    async () => readWebp,
  ],
];

/**
 * Bytes to { grey: Uint8Array or Uint16Array, width, height, source, tags }, bright is dense.
 * Rejects with a Refusal, or a LoadError if a part of the page could not be loaded.
 */
export async function readPicture(bytes, limits) {
  if (!bytes.length) {
    throw new Refusal("empty", "the file is empty; copy it again from its source");
  }
  limits.checkBytes(bytes.length);
  const kind = FORMATS.find(([, matches]) => matches(bytes));
  if (!kind) {
    const names = FORMATS.map(([name]) => name).join(", ");
    throw new Refusal("not-an-image", `not an image of a known kind (${names})`);
  }
  const [name, , load] = kind;
  const read = await load().catch((error) => {
    throw new LoadError(`what reads ${name} could not be loaded (${error.message})`);
  });
  try {
    return { tags: {}, ...(await read(bytes, limits)) };
  } catch (error) {
    if (error instanceof Refusal || error instanceof LoadError) throw error;
    if (error instanceof RangeError && /alloc/i.test(error.message)) {
      const reason = "needs more memory than there is; not a usual radiograph";
      throw new Refusal("too-large", reason);
    }
    // The kind of error only: its message may quote the patient.
    throw damaged(name, error?.name ?? "a decoder gave up");
  }
}
