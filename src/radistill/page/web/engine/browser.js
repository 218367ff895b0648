// What the browser itself decodes: BMP, WebP, and JPEG of kinds that the codec does not read.

import { orientation, orientationOfXmp, upright } from "./exif.js";
import { luma } from "./luma.js";
import { damaged, manyFrames, truncated, unread } from "./refusal.js";

/**
 * The bytes of a picture to { grey, width, height }.
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {string} type
 * @param {import("./refusal.js").Limits} limits
 * @param {"from-image" | "none"} turn "from-image" turns it upright as its EXIF says
 */
export async function drawn(bytes, type, limits, turn = "from-image") {
  let bitmap;
  try {
    bitmap = await createImageBitmap(new Blob([bytes], { type }), {
      colorSpaceConversion: "none",
      premultiplyAlpha: "none",
      imageOrientation: turn,
    });
  } catch {
    throw damaged(type.slice(6).toUpperCase(), "the browser cannot decode it");
  }
  const { width, height } = bitmap;
  limits.checkPixels(width, height);
  // Opaque: transparency lies over black.
  const canvas = new OffscreenCanvas(width, height);
  const pen = /** @type {OffscreenCanvasRenderingContext2D} */ (
    canvas.getContext("2d", { alpha: false })
  );
  pen.drawImage(bitmap, 0, 0);
  bitmap.close();
  const { data } = pen.getImageData(0, 0, width, height);
  const grey = new Uint8Array(width * height);
  for (let i = 0, j = 0; i < grey.length; i++, j += 4) {
    grey[i] = luma(data[j], data[j + 1], data[j + 2]);
  }
  return { grey, width, height };
}

export async function readBmp(bytes, limits) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 54 || view.getUint32(14, true) < 40) {
    if (bytes.length < 26 || view.getUint32(14, true) !== 12) throw damaged("BMP", "no header");
    return { ...(await drawn(bytes, "image/bmp", limits)), source: "bmp" };
  }
  const [width, height] = [view.getInt32(18, true), Math.abs(view.getInt32(22, true))];
  if (width <= 0 || height === 0) throw damaged("BMP", "no width or height");
  limits.checkPixels(width, height);
  checkBmp(view, bytes.length);
  const compressed = ![0, 3].includes(view.getUint32(30, true));
  const stride = Math.ceil((width * view.getUint16(28, true)) / 32) * 4;
  const end = view.getUint32(10, true) + stride * height;
  if (!compressed && end > bytes.length) throw truncated("BMP");
  return { ...(await drawn(bytes, "image/bmp", limits)), source: "bmp" };
}

// Masks of red, green, blue and, in later headers, alpha that Pillow reads, by bits a pixel.
const MASKS = {
  32: [
    "ff0000 ff00 ff 0", "ff000000 ff0000 ff00 0", "ff000000 ff00 ff 0", "ff000000 ff0000 ff00 ff",
    "ff ff00 ff0000 ff000000", "ff0000 ff00 ff ff000000", "ff000000 ff00 ff ff0000", "0 0 0 0",
  ],
  24: ["ff0000 ff00 ff"],
  16: ["f800 7e0 1f", "7c00 3e0 1f"],
};

/** Refuse what browsers draw, or draw in their own way, and Pillow does not. */
function checkBmp(view, length) {
  const [head, bits] = [view.getUint32(14, true), view.getUint16(28, true)];
  const kind = view.getUint32(30, true);
  if (![1, 4, 8, 16, 24, 32].includes(bits)) throw damaged("BMP", `${bits} bits a pixel`);
  if (kind === 1 || kind === 2) throw unread("BMP with run-length encoding");
  if (kind !== 0 && kind !== 3) throw damaged("BMP", "an unknown compression");
  const entries = view.getUint32(46, true);
  if (bits <= 8 && entries > 256) throw damaged("BMP", "too large a palette");
  if (bits <= 8 && view.getUint32(10, true) < 14 + head + 4 * (entries || 2 ** bits)) {
    throw unread("BMP whose pixels overlap its palette");
  }
  if (kind !== 3) return;
  const count = bits === 32 && head >= 56 ? 4 : 3;
  if (length < 54 + 4 * count) throw truncated("BMP");
  const mask = (_, i) => view.getUint32(54 + 4 * i, true).toString(16);
  const masks = Array.from({ length: count }, mask);
  if (bits === 32 && count === 3) masks.push("0");
  if (!MASKS[bits]?.includes(masks.join(" "))) throw damaged("BMP", "an unknown order of colours");
}

export async function readWebp(bytes, limits) {
  const text = (at) => String.fromCharCode(...bytes.subarray(at, at + 4));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 30 || view.getUint32(4, true) + 8 > bytes.length) {
    throw damaged("WebP", "starts like WebP but is damaged");
  }
  if (text(12) === "VP8X") {
    const frames = chunks(bytes, view, text).filter(({ name }) => name === "ANMF");
    if (frames.length > 1) throw manyFrames();
    const three = (at) => 1 + (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16));
    limits.checkPixels(three(24), three(27));
  }
  // Not every browser turns WebP.
  const film = await drawn(bytes, "image/webp", limits, "none");
  const body = (wanted) => chunks(bytes, view, text).find(({ name }) => name === wanted)?.body;
  const [exif, xmp] = [body("EXIF"), body("XMP ")];
  const turn = exif ? orientation(exif) : 1;
  return { ...upright(film, turn === 1 && xmp ? orientationOfXmp(xmp) : turn), source: "webp" };
}

function chunks(bytes, view, text) {
  const list = [];
  for (let at = 12; at + 8 <= bytes.length; ) {
    const size = view.getUint32(at + 4, true);
    list.push({ name: text(at), body: bytes.subarray(at + 8, at + 8 + size) });
    at += 8 + size + (size & 1);
  }
  return list;
}
