// What the browser itself decodes: BMP, WebP, and JPEG of kinds that the codec does not read.

import { orientation, upright } from "./exif.js";
import { luma } from "./luma.js";
import { damaged, manyFrames, truncated } from "./refusal.js";

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
  const compressed = ![0, 3].includes(view.getUint32(30, true));
  const stride = Math.ceil((width * view.getUint16(28, true)) / 32) * 4;
  const end = view.getUint32(10, true) + stride * height;
  if (!compressed && end > bytes.length) throw truncated("BMP");
  return { ...(await drawn(bytes, "image/bmp", limits)), source: "bmp" };
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
  const [exif] = chunks(bytes, view, text).filter(({ name }) => name === "EXIF");
  return { ...upright(film, exif ? orientation(exif.body) : 1), source: "webp" };
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
