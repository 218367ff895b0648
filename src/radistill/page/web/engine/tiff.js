// TIFF, which browsers do not draw: read by geotiff, loaded when the first one comes.

import { bitsInUse, colourToEightBits, detectorBits, toEightBits } from "./depth.js";
import { upright } from "./exif.js";
import { greyOf, luma } from "./luma.js";
import { damaged, manyFrames, Refusal, truncated, unread } from "./refusal.js";

const WHITE_IS_ZERO = 0;
const RGB = 2;
const PALETTE = 3;
const CMYK = 5;
const YCBCR = 6;
const FLOAT = 3;
const JPEG = 7;
// As radistill.imaging.unread has them, also where geotiff would read them.
const UNREAD = {
  2: "fax", 3: "fax", 4: "fax", 34925: "LZMA", 50001: "WebP",
  6: "old-style JPEG", 9: "JBIG", 10: "JBIG", 32766: "NeXT", 32908: "Pixar", 32909: "Pixar",
  33003: "JPEG 2000", 33005: "JPEG 2000", 34661: "JBIG", 34712: "JPEG 2000", 34887: "LERC",
  34933: "PNG", 34934: "JPEG XR", 50002: "JPEG XL", 52546: "JPEG XL",
};
const ALPHA = 2; // as an extra sample, not multiplied into the others

export async function readTiff(bytes, limits) {
  const { fromArrayBuffer } = (await import("../vendor/geotiff.js")).default;
  const { buffer, byteOffset, byteLength } = bytes;
  const whole = byteLength === buffer.byteLength;
  let image, tiff;
  try {
    const content = whole ? buffer : buffer.slice(byteOffset, byteOffset + byteLength);
    tiff = await fromArrayBuffer(content);
    image = await tiff.getImage(0);
  } catch {
    throw damaged("TIFF", "starts like TIFF but is damaged");
  }
  const [width, height] = [image.getWidth(), image.getHeight()];
  if (!width || !height) throw damaged("TIFF", "no width or height");
  limits.checkPixels(width, height);
  if (await another(tiff)) throw manyFrames();
  await checkWhole(image, bytes.length);
  const compression = UNREAD[await number(image, "Compression", 1)];
  if (compression) throw unread(`TIFF with ${compression} compression`);
  if ((await number(image, "FillOrder", 1)) === 2) throw unread("TIFF of reversed bits");
  const film = { grey: await pixels(image), width, height, source: "tiff" };
  const turn = await number(image, "Orientation", 1);
  return upright(film, turn >= 1 && turn <= 8 ? turn : 1);
}

/** The values of a tag, none where it is missing. */
async function values(image, name) {
  if (!image.fileDirectory.hasTag(name)) return [];
  const value = await image.fileDirectory.loadValue(name);
  return typeof value === "number" ? [value] : Array.from(value ?? [], Number);
}

const number = async (image, name, missing) => (await values(image, name))[0] ?? missing;

async function another(tiff) {
  const { nextIFDByteOffset: next } = await tiff.requestIFD(0);
  if (!Number(next) || Number(next) === Number(tiff.firstIFDOffset)) return false;
  try {
    await tiff.getImage(1);
    return true;
  } catch {
    return false; // a directory that leads nowhere is no page
  }
}

async function checkWhole(image, length) {
  const kind = image.isTiled ? "Tile" : "Strip";
  const offsets = await values(image, `${kind}Offsets`);
  const counts = await values(image, `${kind}ByteCounts`);
  if (offsets.some((offset, i) => offset + (counts[i] ?? 0) > length)) throw truncated("TIFF");
}

async function pixels(image) {
  const bits = image.getBitsPerSample();
  if (image.getSampleFormat() === FLOAT) {
    throw new Refusal("unsupported", "floating point pixels; save the film with 8 or 16 bits");
  }
  let rasters;
  try {
    rasters = await image.readRasters();
  } catch {
    if (bits < 8) {
      const reason = `${bits || 1} bits a pixel; save the film with 8 or 16`;
      throw new Refusal("unsupported", reason);
    }
    throw damaged("TIFF", "its pixels do not decode");
  }
  const samples = image.getSamplesPerPixel();
  const kind = await number(image, "PhotometricInterpretation", 1);
  if (kind === YCBCR) {
    if ((await number(image, "Compression", 1)) !== JPEG) throw unread("TIFF in YCbCr without JPEG");
    return Uint8Array.from(rasters[0]); // luma as it lies
  }
  if (kind === RGB && bits > 16) throw unread(`TIFF of ${samples} samples of ${bits} bits`);
  if (kind === RGB) {
    const transparent = samples === 4 && (await number(image, "ExtraSamples", 2)) === ALPHA;
    return colours(rasters, bits, transparent ? 4 : 3);
  }
  if (kind === CMYK) return inks(rasters, bits);
  if (kind === PALETTE) return coloured(rasters[0], await values(image, "ColorMap"), bits);
  const most = bits > 8 && bits < 16 ? 2 ** bits - 1 : await number(image, "MaxSampleValue", 0);
  return greys(rasters[0], bits, kind === WHITE_IS_ZERO, most < 65535 ? most : 0);
}

/** most: the greatest value that the file says it can have, 0 where that is the greatest of 16 bits. */
function greys(stored, bits, inverted, most) {
  if (stored.some((value) => value < 0)) {
    throw new Refusal("unsupported", "pixels below zero; save the film with 8 or 16 bits");
  }
  if (bits > 16 && stored.some((value) => value > 65535)) {
    const reason = "integers outside of 16 bits; save the film with 8 or 16 bits";
    throw new Refusal("unsupported", reason);
  }
  if (bits > 8) return deep(Uint16Array.from(stored), inverted, most);
  const scale = bits < 8 ? 255 / (2 ** bits - 1) : 1;
  return Uint8Array.from(stored, (value) => (inverted ? 255 - value * scale : value * scale));
}

/** Uint16 as stored, or Uint8 where values alone would not tell how many bits they have. */
function deep(stored, inverted, most) {
  const bits = Math.max(bitsInUse(stored), detectorBits(most));
  const top = 2 ** bits - 1;
  const grey = inverted ? stored.map((value) => top - Math.min(value, top)) : stored;
  return bitsInUse(grey) === bits ? grey : toEightBits(grey, bits);
}

/** channels: 4 where the last one is alpha that the others are not multiplied with. */
function colours(rasters, bits, channels) {
  const count = rasters[0].length;
  const samples = new (bits > 8 ? Uint16Array : Uint8Array)(count * channels);
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < count; i++) samples[channels * i + c] = rasters[c][i];
  }
  return greyOf(bits > 8 ? colourToEightBits(samples, channels, 3) : samples, channels);
}

function inks([c, m, y, k], bits) {
  const shift = Math.max(0, bits - 8);
  const grey = new Uint8Array(c.length);
  for (let i = 0; i < grey.length; i++) {
    const light = 255 - (k[i] >> shift);
    const [r, g, b] = [c, m, y].map((ink) => light - Math.round(((ink[i] >> shift) * light) / 255));
    grey[i] = luma(r, g, b);
  }
  return grey;
}

function coloured(indices, map, bits) {
  const size = 2 ** bits;
  const grey = new Uint8Array(indices.length);
  for (let i = 0; i < grey.length; i++) {
    const v = indices[i];
    grey[i] = luma(map[v] >> 8, map[size + v] >> 8, map[2 * size + v] >> 8);
  }
  return grey;
}
