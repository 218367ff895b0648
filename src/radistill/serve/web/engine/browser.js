// What the browser itself decodes: BMP, WebP, and JPEG of kinds that the codec does not read.

import { luma } from "./luma.js";
import { damaged, manyFrames, truncated } from "./refusal.js";

/** The bytes of a picture to { grey, width, height }; the browser has turned it upright. */
export async function drawn(bytes, type, limits) {
  let bitmap;
  try {
    const options = { colorSpaceConversion: "none", premultiplyAlpha: "none" };
    bitmap = await createImageBitmap(new Blob([bytes], { type }), options);
  } catch {
    throw damaged(type.slice(6).toUpperCase(), "the browser cannot decode it");
  }
  const { width, height } = bitmap;
  limits.checkPixels(width, height);
  // Opaque: transparency lies over black.
  const pen = new OffscreenCanvas(width, height).getContext("2d", { alpha: false });
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
    if (bytes[20] & 2 && frames(bytes, view, text) > 1) throw manyFrames();
    const three = (at) => 1 + (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16));
    limits.checkPixels(three(24), three(27));
  }
  return { ...(await drawn(bytes, "image/webp", limits)), source: "webp" };
}

function frames(bytes, view, text) {
  let count = 0;
  for (let at = 12; at + 8 <= bytes.length; ) {
    if (text(at) === "ANMF") count++;
    at += 8 + view.getUint32(at + 4, true) + (view.getUint32(at + 4, true) & 1);
  }
  return count;
}
