// The card's statistics of its training films: radistill.schema.abstention, radistill.runtime.ood.

/** An array of the card, base64 of little-endian float16: { shape, data: Float64Array }. */
export function unpack({ shape, float16 }) {
  const text = atob(float16);
  const data = new Float64Array(text.length / 2);
  for (let i = 0; i < data.length; i++) {
    data[i] = half(text.charCodeAt(2 * i) | (text.charCodeAt(2 * i + 1) << 8));
  }
  return { shape, data };
}

/** IEEE 754 binary16. */
function half(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const unpackArrays = (part) =>
  Object.fromEntries(
    Object.entries(part).map(([key, value]) => [key, value?.float16 ? unpack(value) : value]),
  );

/** The card's `abstention` with its arrays unpacked; null where there is none. */
export function openStatistics(abstention) {
  if (!abstention) return null;
  const { detector, layout, posture } = abstention;
  return {
    ...abstention,
    detector: unpackArrays(detector),
    layout: unpackArrays(layout),
    posture: unpackArrays(posture),
  };
}

const minus = (x, mean) => x.map((value, i) => value - mean.data[i]);

/** components (K, D) times x (D,). */
function project(x, { shape: [rows, columns], data }) {
  const out = new Float64Array(rows);
  for (let k = 0; k < rows; k++) {
    let sum = 0;
    for (let i = 0; i < columns; i++) sum += x[i] * data[k * columns + i];
    out[k] = sum;
  }
  return out;
}

/** x (D,) times weights (D, C), plus bias (C,). */
function linear(x, { shape: [, columns], data }, bias) {
  const out = Float64Array.from(bias.data);
  for (let i = 0; i < x.length; i++) {
    for (let c = 0; c < columns; c++) out[c] += x[i] * data[i * columns + c];
  }
  return out;
}

const squares = (x) => x.reduce((sum, value) => sum + value * value, 0);

/** Squared Mahalanobis distance of x (D,) from the films that a Gaussian was fitted to. */
export function score({ mean, components, deviations, residual }, x) {
  const centred = minus(x, mean);
  const inside = project(centred, components);
  const left = Math.max(0, squares(centred) - squares(inside));
  const distance = squares(inside.map((value, k) => value / deviations.data[k]));
  return distance + (deviations.data.length * left) / residual;
}

/** Probabilities of the orientations, the first upright, from a thumbnail (T,). */
export function orientations({ mean, components, weights, bias }, small) {
  const reduced = project(minus(small, mean), components);
  const products = [...reduced];
  for (let i = 0; i < reduced.length; i++) {
    for (let j = i; j < reduced.length; j++) products.push(reduced[i] * reduced[j]);
  }
  const logits = linear(products, weights, bias);
  const top = Math.max(...logits);
  const powers = logits.map((value) => Math.exp(value - top));
  const sum = powers.reduce((total, value) => total + value, 0);
  return powers.map((value) => value / sum);
}

const GRID = 16;
const FLAT = 4; // grey levels; a deviation below this is noise and is not blown up

/** Uint8 (side, side) to (256,): means over a 16 x 16 grid, with mean 0 and deviation 1. */
export function thumbnail(square, side) {
  const edge = (i) => Math.trunc((i * side) / GRID);
  const means = new Float64Array(GRID * GRID);
  for (let row = 0; row < GRID; row++) {
    for (let column = 0; column < GRID; column++) {
      let sum = 0;
      for (let y = edge(row); y < edge(row + 1); y++) {
        for (let x = edge(column); x < edge(column + 1); x++) sum += square[y * side + x];
      }
      const area = (edge(row + 1) - edge(row)) * (edge(column + 1) - edge(column));
      means[row * GRID + column] = sum / area;
    }
  }
  const mean = means.reduce((sum, value) => sum + value, 0) / means.length;
  const centred = means.map((value) => value - mean);
  const deviation = Math.sqrt(squares(centred) / means.length);
  return centred.map((value) => value / Math.max(deviation, FLAT));
}
