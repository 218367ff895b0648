// PNG, with all 16 bits of a grey film: browsers give eight.
//
// Chunks are walked here rather than by fast-png, which inflates without a limit, and so a small
// file could take all memory, and knows neither EXIF nor the ways in which Pillow refuses a file.

import { Inflate } from "../vendor/fflate.js";
import { colourToEightBits } from "./depth.js";
import { orientation, orientationOfXmp, upright } from "./exif.js";
import { luma, overBlack } from "./luma.js";
import { damaged, manyFrames, Refusal, truncated } from "./refusal.js";
import { passesOf, samplesOf, sizeOf } from "./png-rows.js";

const MIB = 2 ** 20;
const MOST_TEXT = 64 * MIB; // Pillow's limits on what texts and profiles inflate to
const COMPRESSED = { zTXt: 1, iTXt: 1, iCCP: 1 };
const PROFILE = "Raw profile type exif\0"; // ImageMagick's, in hexadecimal
const XMP = "XML:com.adobe.xmp\0";
const CHANNELS = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const DEPTHS = { 0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16] };

/**
 * @typedef {{
 *   header: ReturnType<typeof readHeader>, palette: Uint8Array | null, alpha: Uint8Array | null,
 *   data: Uint8Array[], turn: number,
 * }} Png turn: by EXIF
 */

/**
 * @param {Uint8Array} bytes
 * @param {import("./refusal.js").Limits} limits
 */
export async function readPng(bytes, limits) {
  const png = readChunks(bytes, limits);
  const { width, height } = png.header;
  const samples = samplesOf(inflateRows(png), png.header);
  const film = upright({ ...toGrey(samples, png), width, height }, png.turn);
  return { ...film, source: "png", deep: png.header.depth === 16 };
}

/**
 * @param {Uint8Array} bytes
 * @param {import("./refusal.js").Limits} limits
 * @returns {Png}
 */
function readChunks(bytes, limits) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  /** @type {Png} */
  const png = { header: /** @type {any} */ (null), palette: null, alpha: null, data: [], turn: 1 };
  let [text, frames, framed] = [0, 0, false];
  /** @type {Uint8Array | null} */
  let profile = null;
  /** @type {Uint8Array | null} */
  let xmp = null;
  for (let at = 8; ; ) {
    if (at + 8 > bytes.length) {
      if (png.data.length) throw truncated("PNG");
      throw damaged("PNG", "starts like PNG but is damaged");
    }
    const length = view.getUint32(at);
    const name = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const body = bytes.subarray(at + 8, at + 8 + length);
    if (!png.header && name !== "IHDR") throw damaged("PNG", "no header");
    if (name === "IEND") {
      if (png.turn === 1 && profile) png.turn = orientation(unhexed(profile));
      if (png.turn === 1 && xmp) png.turn = orientationOfXmp(xmp);
      return png;
    }
    if (name === "IDAT") {
      // The picture outside of the animation is a frame more.
      if (!png.data.length && frames && frames + (framed ? 0 : 1) > 1) throw manyFrames();
      png.data.push(body);
    }
    if (body.length < length || at + 12 + length > bytes.length) throw truncated("PNG");
    if (name !== "IDAT") check(bytes, view, at, length, name);
    if (name === "IHDR") png.header = readHeader(view, at + 8, limits);
    else if (name === "PLTE") png.palette = body;
    else if (name === "tRNS") png.alpha = body;
    else if (name === "eXIf") png.turn = orientation(body);
    else if (name === "fcTL") framed = true;
    else if (name === "acTL" && length >= 8) frames = framesOf(view.getUint32(at + 8), frames);
    else if (name === "iTXt" && startsWith(body, XMP)) xmp = body;
    else if (name === "tEXt" && startsWith(body, PROFILE)) profile = body;
    if (COMPRESSED[name]) {
      const keep = name === "zTXt" && startsWith(body, PROFILE);
      const inflated = addText(text, name, body, keep);
      text = inflated.sum;
      profile = inflated.text ?? profile;
    }
    at += 12 + length;
  }
}

function readHeader(view, at, limits) {
  const [width, height] = [view.getUint32(at), view.getUint32(at + 4)];
  const [depth, colour, , , interlaced] = [8, 9, 10, 11, 12].map((i) => view.getUint8(at + i));
  if (!width || !height) throw damaged("PNG", "no width or height");
  if (view.getUint8(at + 10) || view.getUint8(at + 11)) {
    throw damaged("PNG", "starts like PNG but is damaged");
  }
  if (!DEPTHS[colour]?.includes(depth) || interlaced > 1) throw damaged("PNG", "unknown pixels");
  limits.checkPixels(width, height);
  const passes = passesOf({ width, height, interlaced });
  return { width, height, depth, colour, channels: CHANNELS[colour], passes };
}

let table = null;

function crc(bytes) {
  table ??= Int32Array.from({ length: 256 }, (_, n) => {
    for (let k = 0; k < 8; k++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
    return n;
  });
  let sum = -1;
  for (const byte of bytes) sum = (sum >>> 8) ^ table[(sum ^ byte) & 255];
  return ~sum >>> 0;
}

function check(bytes, view, at, length, name) {
  if (name[0] > "Z") return; // what is not critical may be damaged
  if (crc(bytes.subarray(at + 4, at + 8 + length)) !== view.getUint32(at + 8 + length)) {
    throw damaged("PNG", "bad checksum");
  }
}

/** A text's inflated size added to the sum; refused where either is a bomb. */
function addText(sum, name, body, keep) {
  const keyEnd = body.indexOf(0);
  let start = keyEnd + 2; // keyword, zero, method
  if (name === "iTXt") {
    if (body[keyEnd + 1] !== 1) return { sum: sum + body.length, text: null };
    start = body.indexOf(0, body.indexOf(0, keyEnd + 3) + 1) + 1;
  } else if (body[keyEnd + 1]) {
    throw damaged("PNG", "an unknown compression of text or profile");
  }
  let size = 0;
  const parts = [];
  const inflator = new Inflate((part) => {
    size += part.length;
    if (keep) parts.push(part.slice());
    if (size > MIB || sum + size > MOST_TEXT) {
      throw new Refusal("too-large", "the PNG file unpacks to more than is allowed");
    }
  });
  try {
    push(inflator, body.subarray(start + 2), true);
  } catch (error) {
    if (error instanceof Refusal) throw error; // a damaged text is no reason to refuse a film
  }
  return { sum: sum + size, text: keep ? joined(parts) : null };
}

const startsWith = (body, text) => [...text].every((letter, i) => body[i] === letter.charCodeAt(0));

/** How many frames an animation has, 0 where the count is none or is given twice. */
const framesOf = (count, before) => (before || count > 2 ** 31 ? 0 : count);

/** The bytes of a profile: a line of its name and one of its length, then hexadecimal digits. */
function unhexed(text) {
  const lines = new TextDecoder("latin1").decode(text).split("\n").slice(3);
  const digits = lines.join("").match(/[0-9a-f]{2}/gi) ?? [];
  return Uint8Array.from(digits, (pair) => parseInt(pair, 16));
}

function joined(parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** In steps, so that a bomb is seen before it has unfolded, and until `enough` has come. */
function push(inflator, data, last, enough = () => false) {
  const step = 65536;
  for (let at = 0; (at < data.length || at === 0) && !enough(); at += step) {
    inflator.push(data.subarray(at, at + step), last && at + step >= data.length);
  }
}

function inflateRows({ data, header }) {
  const rows = new Uint8Array(header.passes.reduce((sum, pass) => sum + sizeOf(pass, header), 0));
  let filled = 0;
  const inflator = new Inflate((part) => {
    rows.set(part.subarray(0, rows.length - filled), filled);
    filled = Math.min(rows.length, filled + part.length);
  });
  const stream = joined(data); // a chunk may be of one byte, or of none
  if (stream.length < 2) throw truncated("PNG");
  if ((stream[0] & 15) !== 8 || ((stream[0] << 8) | stream[1]) % 31) {
    throw damaged("PNG", "rows that do not inflate");
  }
  try {
    push(inflator, stream.subarray(2), true, () => filled === rows.length);
  } catch (error) {
    if (error.code === 0) throw truncated("PNG"); // fflate: unexpected end
    throw damaged("PNG", "rows that do not inflate");
  }
  return rows; // rows that are missing stay black
}

/** Unpacked samples to grey; 16 bits stay 16 where the film is grey and opaque. */
function toGrey(samples, { header, palette, alpha }) {
  const { depth, colour, width, height } = header;
  const grey = new (depth === 16 && colour === 0 ? Uint16Array : Uint8Array)(width * height);
  if (colour === 0) {
    const scale = depth < 8 ? 255 / (2 ** depth - 1) : 1;
    for (let i = 0; i < grey.length; i++) grey[i] = samples[i] * scale;
    if (alpha?.length === 2) hide(grey, samples, ((alpha[0] << 8) | alpha[1]) & (2 ** depth - 1));
    return { grey };
  }
  const channels = CHANNELS[colour];
  const bytes = depth === 16 ? colourToEightBits(samples, channels, channels - Number(colour > 3)) : samples;
  const over = (value, opacity) => (opacity === 255 ? value : Math.round((value * opacity) / 255));
  const at = {
    2: (i) => luma(bytes[3 * i], bytes[3 * i + 1], bytes[3 * i + 2]),
    3: (i) => {
      const entry = 3 * samples[i];
      const [r, g, b] = [0, 1, 2].map((channel) => palette[entry + channel] ?? 0);
      return overBlack(r, g, b, alpha?.[samples[i]] ?? 255);
    },
    4: (i) => over(bytes[2 * i], bytes[2 * i + 1]),
    6: (i) => {
      const [r, g, b, a] = bytes.subarray(4 * i, 4 * i + 4);
      return overBlack(r, g, b, a);
    },
  }[colour];
  if (colour === 3 && !palette) throw damaged("PNG", "no palette");
  for (let i = 0; i < grey.length; i++) grey[i] = at(i);
  if (colour === 2 && alpha?.length === 6) hideColour(grey, samples, alpha, depth);
  return { grey };
}

function hide(grey, samples, transparent) {
  for (let i = 0; i < grey.length; i++) if (samples[i] === transparent) grey[i] = 0;
}

/** The one colour that a PNG without alpha calls transparent. */
function hideColour(grey, samples, alpha, depth) {
  // Of 16 bits by the upper eight, as Pillow has them.
  const of = depth === 16 ? (at) => alpha[at] : (at) => alpha[at + 1];
  const shift = depth - 8;
  for (let i = 0; i < grey.length; i++) {
    const [r, g, b] = samples.subarray(3 * i, 3 * i + 3);
    if (r >> shift === of(0) && g >> shift === of(2) && b >> shift === of(4)) grey[i] = 0;
  }
}
