// PNG rows to samples: fast-png undoes the filters; here are interlacing and samples under a byte.

import { decodeInterlaceNull } from "../vendor/decode_interlace_null.js";

// fast-png's own Adam7 takes every sample for a byte or more.
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];

/** The parts that rows come in: { x, y, dx, dy, width, height }. */
export function passesOf({ width, height, interlaced }) {
  return (interlaced ? ADAM7 : [[0, 0, 1, 1]])
    .map(([x, y, dx, dy]) => ({
      x, y, dx, dy, width: Math.ceil((width - x) / dx), height: Math.ceil((height - y) / dy),
    }))
    .filter((pass) => pass.width > 0 && pass.height > 0);
}

/** Bytes of a pass: each row has one for its filter. */
export const sizeOf = ({ width, height }, { depth, channels }) =>
  height * (1 + Math.ceil((width * depth * channels) / 8));

/** Inflated rows to the picture's samples, interleaved: Uint8Array, or Uint16Array of 16 bits. */
export function samplesOf(rows, header) {
  const { channels, depth, passes } = header;
  const Samples = depth === 16 ? Uint16Array : Uint8Array;
  const out = new Samples(header.width * header.height * channels);
  let at = 0;
  for (const pass of passes) {
    const data = rows.subarray(at, (at += sizeOf(pass, header)));
    const { width, height } = pass;
    const packed = decodeInterlaceNull({ data, width, height, channels, depth });
    const samples = depth < 8 ? unpacked(packed, pass, depth) : packed;
    if (passes.length === 1) return samples;
    spread(samples, out, header, pass);
  }
  return out;
}

/** Samples of 1, 2 or 4 bits, high bits first; each row begins with a byte of its own. */
function unpacked(packed, { width, height }, depth) {
  const out = new Uint8Array(width * height);
  const perByte = 8 / depth;
  const stride = Math.ceil(width / perByte);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const byte = packed[y * stride + Math.floor(x / perByte)];
      out[i] = (byte >> (8 - depth - depth * (x % perByte))) & (2 ** depth - 1);
    }
  }
  return out;
}

function spread(samples, out, { width, channels }, pass) {
  let from = 0;
  for (let row = 0; row < pass.height; row++) {
    for (let column = 0; column < pass.width; column++) {
      const pixel = (pass.y + row * pass.dy) * width + pass.x + column * pass.dx;
      for (let c = 0; c < channels; c++) out[pixel * channels + c] = samples[from++];
    }
  }
}
