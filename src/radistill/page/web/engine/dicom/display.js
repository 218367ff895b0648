// Stored values to grey bytes, what a viewer does before it draws: radistill.imaging.dicom.display.

import { lookUp, readLut, toBytes } from "./lut.js";
import { damaged, realNumber, realNumbers, wholeNumber, word } from "./tags.js";
import { FUNCTIONS, makesSense, windowed } from "./window.js";

const PERCENTILES = [0.5, 99.5];

/** Containers to bytes, dense bright, padding black; each different one is worked out once. */
export function toGrey(containers, elements, layout) {
  const stored = storedValues(layout);
  const padding = paddingOf(stored, elements, layout);
  const modality = readLut(elements, "ModalityLUTSequence");
  const values = modality ? lookUp(modality, stored) : rescaled(stored, elements);
  const voi = readLut(elements, "VOILUTSequence");
  const inverted = isInverted(elements);
  let bytes;
  if (voi) {
    bytes = toBytes(voi, values, inverted);
  } else {
    const window = windowOf(elements) ?? fallback(containers, values, padding, layout);
    bytes = windowed(window, values, inverted);
  }
  const table = Uint8Array.from(bytes, (value, i) => (padding[i] ? 0 : value));
  const grey = new Uint8Array(containers.length);
  for (let i = 0; i < grey.length; i++) grey[i] = table[containers[i]];
  return grey;
}

/** The value of each possible container. */
function storedValues(layout) {
  const { allocated, stored, high } = layout;
  const mask = 2 ** stored - 1;
  return Float64Array.from({ length: 2 ** allocated }, (_, container) =>
    withSign((container >> (high + 1 - stored)) & mask, layout),
  );
}

function withSign(value, { signed, stored }) {
  return signed && value >= 2 ** (stored - 1) ? value - 2 ** stored : value;
}

function rescaled(stored, elements) {
  const slope = realNumber(elements, "RescaleSlope") ?? 1;
  const intercept = realNumber(elements, "RescaleIntercept") ?? 0;
  if (!Number.isFinite(slope) || slope === 0 || !Number.isFinite(intercept)) {
    throw damaged("RescaleSlope or RescaleIntercept");
  }
  return stored.map((value) => value * slope + intercept);
}

/** Which containers mark pixels outside of the film: one value, or a range of them. */
function paddingOf(stored, elements, layout) {
  const padding = new Uint8Array(stored.length);
  if (realNumber(elements, "PixelPaddingValue") === null) return padding;
  const value = wholeNumber(elements, "PixelPaddingValue");
  const limit = wholeNumber(elements, "PixelPaddingRangeLimit", value);
  // Written as US or SS whatever the pixels are: brought to the pixels' bits and sign.
  const mask = 2 ** layout.stored - 1;
  const ends = [value, limit].map((end) => withSign(end & mask, layout));
  const [first, last] = [Math.min(...ends), Math.max(...ends)];
  for (let i = 0; i < stored.length; i++) padding[i] = Number(stored[i] >= first && stored[i] <= last);
  return padding;
}

function windowOf(elements) {
  const name = word(elements, "VOILUTFunction");
  const kind = FUNCTIONS.includes(name) ? name : FUNCTIONS[0];
  const [centers, widths] = ["Center", "Width"].map((end) => realNumbers(elements, `Window${end}`));
  const windows = centers
    .slice(0, widths.length)
    .map((center, i) => ({ center, width: widths[i], function: kind }));
  return windows.find(makesSense);
}

/** Without a window: 8 bits or fewer are shown as they are, deeper films from percentile to
 * percentile of what is not padding. */
function fallback(containers, values, padding, layout) {
  let first, last;
  if (layout.stored <= 8) {
    first = values.reduce((least, value) => Math.min(least, value));
    last = values.reduce((most, value) => Math.max(most, value));
  } else {
    [first, last] = percentiles(values, histogram(containers, padding));
  }
  if (first === last) return { center: first + 0.5, width: 1, function: "LINEAR" };
  return { center: (first + last) / 2, width: last - first, function: "LINEAR_EXACT" };
}

function histogram(containers, padding) {
  const counts = new Float64Array(padding.length);
  for (let i = 0; i < containers.length; i++) counts[containers[i]]++;
  return counts.map((count, i) => (padding[i] ? 0 : count));
}

function percentiles(values, counts) {
  const present = Uint32Array.from(values.keys()).filter((i) => counts[i] > 0);
  const order = present.length ? present : Uint32Array.of(0);
  order.sort((a, b) => values[a] - values[b] || a - b);
  const total = counts.reduce((sum, count) => sum + count, 0);
  return PERCENTILES.map((percent) => {
    const wanted = (percent / 100) * total;
    let reached = 0;
    for (const i of order) {
      reached += counts[i];
      if (reached >= wanted) return values[i];
    }
    return values[order[order.length - 1]];
  });
}

/** Once, not twice: PS3.3 C.8.11.3 gives a MONOCHROME1 film the shape INVERSE. */
function isInverted(elements) {
  const photometric = word(elements, "PhotometricInterpretation");
  return word(elements, "PresentationLUTShape") === "INVERSE" || photometric === "MONOCHROME1";
}
