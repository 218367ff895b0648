// One file to its record: what `radistill predict` says of it, with what a page draws.

import { reasonsToAbstain } from "./abstain.js";
import { decide } from "./decide.js";
import { readPicture } from "./decode.js";
import { toEightBits } from "./depth.js";
import { resize } from "./resample.js";
import { sha256 } from "./sha256.js";

const LONGEST = 2048; // pixels of a preview: what the viewer draws at most
const round = (value, digits) => Number(value.toFixed(digits));

/** predictor: { bundle, model, statistics, limits }. Rejects with a Refusal. */
export async function predictFilm(predictor, file, options) {
  const { bundle, model, limits } = predictor;
  limits.checkBytes(file.size);
  const bytes = new Uint8Array(await file.arrayBuffer());
  const film = await readPicture(bytes, limits);
  const deep = film.grey instanceof Uint16Array;
  const pixels = deep ? toEightBits(film.grey) : film.grey;
  const { width, height } = film;
  const start = performance.now();
  const side = bundle.input_size;
  const square = resize(pixels, width, height, side, side);
  const outputs = await model.run(square);
  const decision = judge(predictor, { ...outputs, square, width, height }, film.tags, options);
  const ms = round(performance.now() - start, 3);
  // Browsers do not draw them, or show those of 12 bits nearly black.
  const hidden = deep || film.deep || film.source === "dicom" || film.source === "tiff";
  return {
    path: file.name,
    sha256: await sha256(bytes),
    ...decision,
    heatmap: options.heatmap === false ? null : heatmap(outputs.cam, bundle.cam),
    model: { name: bundle.name, version: bundle.version, sha256: bundle.sha256 },
    ms,
    preview: hidden ? await preview(pixels, width, height) : null,
  };
}

function judge({ bundle, statistics }, film, tags, options) {
  const positive = bundle.classes.indexOf(bundle.positive);
  const probability = film.probability[positive];
  const others = film.probability.map((value, i) => (i === positive ? -1 : value));
  const label = bundle.classes[others.indexOf(Math.max(...others))];
  const reasons = reasonsToAbstain(bundle, statistics, film, tags);
  const setting = { threshold: bundle.threshold, band: 0, anyPopulation: false, ...options };
  const decision = decide(bundle, { probability, reasons, label }, setting);
  return { probability: round(probability, 6), ...decision };
}

function heatmap(cam, { size, scale }) {
  const strength = (value) => Math.round(255 * Math.min(1, Math.max(0, value / scale)));
  return { size, values: Uint8Array.from(cam, strength) };
}

/** An ImageBitmap no larger than the viewer draws. */
async function preview(grey, width, height) {
  const shrink = Math.min(1, LONGEST / Math.max(width, height));
  const [w, h] = [width, height].map((side) => Math.max(1, Math.round(side * shrink)));
  const small = resize(grey, width, height, w, h);
  const pixels = new ImageData(w, h);
  for (let i = 0, j = 0; i < small.length; i++, j += 4) {
    pixels.data[j] = pixels.data[j + 1] = pixels.data[j + 2] = small[i];
    pixels.data[j + 3] = 255;
  }
  return createImageBitmap(pixels);
}
