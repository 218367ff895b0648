// Pixels and bytes: identities, standards' own examples, and node's own implementations.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import {
  bitsInUse, colourToEightBits, rint, toEightBits,
} from "../../../src/radistill/page/web/engine/depth.js";
import {
  readHeader, withoutPadding,
} from "../../../src/radistill/page/web/engine/dicom/codestream.js";
import { looksLikeDicom } from "../../../src/radistill/page/web/engine/dicom/recognise.js";
import { unpackRle } from "../../../src/radistill/page/web/engine/dicom/rle.js";
import { makesSense, windowed } from "../../../src/radistill/page/web/engine/dicom/window.js";
import { orientation, upright } from "../../../src/radistill/page/web/engine/exif.js";
import { greyOf, luma } from "../../../src/radistill/page/web/engine/luma.js";
import { Limits, Refusal } from "../../../src/radistill/page/web/engine/refusal.js";
import { resize } from "../../../src/radistill/page/web/engine/resample.js";
import { plain } from "../../../src/radistill/page/web/engine/sha256.js";
import {
  orientations, score, thumbnail, unpack,
} from "../../../src/radistill/page/web/engine/statistics.js";

const ramp = (length, step = 1) => Uint8Array.from({ length }, (_, i) => i * step);

test("halves are rounded to even", () => {
  assert.deepEqual([0.5, 1.5, 2.5, -0.5, 1.4, 1.6].map(rint).map(Math.abs), [0, 2, 2, 0, 1, 2]);
});

test("16 bits are scaled from the detector's depth", () => {
  assert.deepEqual([...toEightBits(Uint16Array.of(0, 4095))], [0, 255]);
  assert.deepEqual([...toEightBits(Uint16Array.of(0, 4096, 16383))], [0, 64, 255]);
  assert.deepEqual([...toEightBits(Uint16Array.of(7, 255))], [7, 255]);
});

test("equal channels are that grey", () => {
  for (let v = 0; v < 256; v++) assert.equal(luma(v, v, v), v);
  assert.deepEqual([...greyOf(Uint8Array.of(9, 9, 9, 255, 200, 200, 200, 0), 4)], [9, 0]);
});

test("a resize keeps the same size, one grey and the mean", () => {
  const grey = ramp(48, 5);
  assert.equal(resize(grey, 8, 6, 8, 6), grey);
  assert.deepEqual([...resize(new Uint8Array(48).fill(77), 8, 6, 3, 11)], Array(33).fill(77));
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  assert.ok(Math.abs(mean(resize(ramp(64, 3), 8, 8, 4, 4)) - mean(ramp(64, 3))) < 1);
});

test("an orientation and its inverse leave a picture as it was", () => {
  const film = { grey: ramp(6), width: 3, height: 2 };
  for (const [there, back] of [[1, 1], [2, 2], [3, 3], [4, 4], [5, 5], [6, 8], [7, 7], [8, 6]]) {
    assert.deepEqual(upright(upright(film, there), back), film);
  }
  assert.deepEqual([...upright(film, 6).grey], [3, 0, 4, 1, 5, 2]);
});

test("the orientation is read in both byte orders, damage counts as none", () => {
  const little = [0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0];
  const big = [0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0];
  assert.equal(orientation(Uint8Array.from(little)), 6);
  assert.equal(orientation(Uint8Array.from(big)), 6);
  assert.equal(orientation(Uint8Array.from(big.slice(0, 12))), 1);
});

test("SHA-256 is node's", () => {
  for (const size of [0, 1, 55, 56, 63, 64, 65, 1000]) {
    assert.equal(plain(ramp(size, 7)), createHash("sha256").update(ramp(size, 7)).digest("hex"));
  }
});

test("limits refuse before anything is allocated", () => {
  const limits = new Limits({ maxBytes: 2 ** 20, maxPixels: 100 });
  limits.checkBytes(2 ** 20);
  limits.checkPixels(10, 10);
  assert.throws(() => limits.checkBytes(2 ** 20 + 1), { code: "too-large", message: /1 MiB/ });
  assert.throws(() => limits.checkPixels(10, 11), Refusal);
});

test("half precision is unpacked to the numbers of IEEE 754", () => {
  const float16 = btoa(String.fromCharCode(0, 0x3c, 0, 0xc0, 1, 0, 0xff, 0x7b, 0, 0x7c));
  assert.deepEqual([...unpack({ shape: [5], float16 }).data], [1, -2, 2 ** -24, 65504, Infinity]);
});

test("a thumbnail ignores brightness and contrast", () => {
  const square = Uint8Array.from({ length: 1024 }, (_, i) => (i * i) % 101);
  const small = thumbnail(square, 32);
  const other = thumbnail(square.map((value) => 2 * value + 20), 32);
  assert.ok(small.every((value, i) => Math.abs(value - other[i]) < 1e-12));
  assert.ok(Math.abs(small.reduce((sum, value) => sum + value * value, 0) / 256 - 1) < 1e-12);
});

const array = (shape, ...data) => ({ shape, data: Float64Array.from(data) });

test("the distance is 0 at the mean and counts deviations elsewhere", () => {
  const detector = {
    kind: "mahalanobis", mean: array([2], 1, 2), components: array([1, 2], 1, 0),
    deviations: array([1], 3), residual: 4,
  };
  assert.equal(score(detector, Float64Array.of(1, 2)), 0);
  assert.equal(score(detector, Float64Array.of(7, 2)), 4); // two deviations, squared
  assert.equal(score(detector, Float64Array.of(1, 4)), 1); // outside of the components
});

test("orientations are probabilities", () => {
  const model = {
    mean: array([2], 0, 0), components: array([1, 2], 1, 0), weights: array([2, 2], 1, 0, 0, 1),
    bias: array([2], 0, 0),
  };
  const [first, second] = orientations(model, Float64Array.of(1, 9));
  assert.ok(Math.abs(first - 0.5) < 1e-12 && Math.abs(first + second - 1) < 1e-12);
});

test("DICOM's window is as PS3.3 C.11.2.1.2 has it", () => {
  const values = Float64Array.of(0, 50, 99, 200);
  const window = { center: 50, width: 100, function: "LINEAR" };
  assert.deepEqual([...windowed(window, values, false)], [0, 128, 255, 255]);
  assert.deepEqual([...windowed(window, values, true)], [255, 126, 0, 0]);
  assert.ok(!makesSense({ ...window, width: 0.5 }));
  assert.ok(makesSense({ ...window, width: 0.5, function: "SIGMOID" }));
});

test("RLE unpacks runs and copies, of two bytes high byte first", () => {
  const frame = (...segments) => {
    const bytes = new Uint8Array(64 + segments.flat().length);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, segments.length, true);
    let at = 64;
    segments.forEach((segment, i) => {
      view.setUint32(4 + 4 * i, at, true);
      bytes.set(segment, at);
      at += segment.length;
    });
    return bytes;
  };
  assert.deepEqual([...unpackRle(frame([1, 5, 6, 254, 7]), 5, 1)], [5, 6, 7, 7, 7]);
  assert.deepEqual([...unpackRle(frame([255, 1], [1, 2, 3]), 2, 2)], [258, 259]);
  assert.throws(() => unpackRle(frame([0, 5]), 2, 1), { code: "unreadable" });
});

test("a hot pixel does not decide about the depth", () => {
  const film = Uint16Array.from({ length: 2000 }, (_, i) => i);
  assert.equal(bitsInUse(film), 12);
  film[7] = 65535;
  assert.equal(bitsInUse(film), 12);
  film[8] = film[9] = 65535;
  assert.equal(bitsInUse(film), 16);
});

test("colour of 16 bits is scaled together, alpha by itself", () => {
  const twelve = Uint16Array.of(0, 4095, 2048, 65535, 4095, 0, 0, 0);
  assert.deepEqual([...colourToEightBits(twelve, 4, 3)], [0, 255, 128, 255, 255, 0, 0, 0]);
  const all = Uint16Array.of(0, 65535, 32768);
  assert.deepEqual([...colourToEightBits(all, 3, 3)], [0, 255, 128]);
});

test("what follows the end of a stream is left out", () => {
  const stream = (...more) => Uint8Array.of(0xff, 0xd8, 9, 0xff, 0xd9, ...more);
  for (const more of [[], [0], [7, 0], [0, 0, 0]]) {
    assert.deepEqual(withoutPadding(stream(...more)), stream());
  }
  assert.deepEqual(withoutPadding(stream(1, 2, 3)), stream(1, 2, 3));
});

test("a stream's header says how it is coded, its size and its depth", () => {
  const jpeg = [0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, 1, 2, 3, 4, 1, 1, 0x11, 0];
  const grey = { components: 1, bits: 8, signed: false };
  const wanted = { coding: "JPEG", height: 258, width: 772, ...grey };
  assert.deepEqual(readHeader(Uint8Array.from(jpeg)), wanted);
  assert.equal(readHeader(Uint8Array.from(jpeg.slice(0, 8))), null);
});

test("DICOM is recognised with and without its preamble", () => {
  const marked = new Uint8Array(132);
  marked.set([68, 73, 67, 77], 128);
  assert.ok(looksLikeDicom(marked));
  const bare = Uint8Array.of(8, 0, 5, 0, 67, 83, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  assert.ok(looksLikeDicom(bare));
  assert.ok(!looksLikeDicom(Uint8Array.of(0xff, 0xd8, ...Array(20).fill(1))));
});
