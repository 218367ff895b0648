// Pillow's antialiased bilinear resize of 8-bit grey, bit for bit (libImaging/Resample.c).

const PRECISION = 22; // bits of a coefficient: 32, less 8 of a pixel, less 2 to spare

/** Weights of the source pixels that each target pixel is made of, in fixed point. */
function coefficients(from, to) {
  const scale = from / to;
  const stretch = Math.max(1, scale); // the filter is widened by the reduction
  const span = Math.ceil(stretch) * 2 + 1;
  const starts = new Int32Array(to);
  const counts = new Int32Array(to);
  const weights = new Int32Array(to * span);
  const exact = new Float64Array(span);
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - stretch + 0.5));
    const count = Math.min(from, Math.trunc(centre + stretch + 0.5)) - start;
    let sum = 0;
    for (let k = 0; k < count; k++) {
      const distance = Math.abs((k + start - centre + 0.5) * (1 / stretch));
      exact[k] = distance < 1 ? 1 - distance : 0;
      sum += exact[k];
    }
    for (let k = 0; k < count; k++) {
      const share = sum !== 0 ? exact[k] / sum : exact[k];
      weights[i * span + k] = Math.trunc(0.5 + share * (1 << PRECISION));
    }
    starts[i] = start;
    counts[i] = count;
  }
  return { starts, counts, weights, span };
}

const HALF = 1 << (PRECISION - 1);

function across(grey, width, height, to) {
  const { starts, counts, weights, span } = coefficients(width, to);
  const out = new Uint8Array(to * height);
  for (let y = 0; y < height; y++) {
    const row = y * width;
    for (let x = 0; x < to; x++) {
      let sum = HALF;
      const at = row + starts[x];
      const first = x * span;
      for (let k = 0; k < counts[x]; k++) sum += grey[at + k] * weights[first + k];
      out[y * to + x] = sum >> PRECISION; // weights are never negative: no clipping
    }
  }
  return out;
}

function down(grey, width, height, to) {
  const { starts, counts, weights, span } = coefficients(height, to);
  const out = new Uint8Array(width * to);
  const sums = new Int32Array(width);
  for (let y = 0; y < to; y++) {
    sums.fill(HALF);
    for (let k = 0; k < counts[y]; k++) {
      const weight = weights[y * span + k];
      const at = (starts[y] + k) * width;
      for (let x = 0; x < width; x++) sums[x] += grey[at + x] * weight;
    }
    for (let x = 0; x < width; x++) out[y * width + x] = sums[x] >> PRECISION;
  }
  return out;
}

/** Pillow 13 goes down first where that takes away more than twice as many lines. */
function downFirst(width, height, toWidth, toHeight) {
  return toHeight < height && height - toHeight > 2 * (width - toWidth);
}

/** Uint8 (height, width) -> (toHeight, toWidth); the same array where nothing changes. */
export function resize(grey, width, height, toWidth, toHeight) {
  const narrow = (film, rows) => (toWidth === width ? film : across(film, width, rows, toWidth));
  const low = (film, columns) =>
    toHeight === height ? film : down(film, columns, height, toHeight);
  if (downFirst(width, height, toWidth, toHeight)) return narrow(low(grey, width), toHeight);
  return low(narrow(grey, height), toWidth);
}
