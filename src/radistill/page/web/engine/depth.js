// 16 bits to 8, as radistill.imaging.preprocess does it.

const DETECTOR_BITS = [8, 10, 12, 14, 15, 16];
const [HOT_SHARE, MOST_HOT] = [1000, 100]; // of pixels: one in so many, and no more than so many

/** NumPy's rint: halves go to the even neighbour. */
export function rint(value) {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** The fewest bits of a detector that hold `top`. */
export const detectorBits = (top) => DETECTOR_BITS.find((count) => top < 2 ** count) ?? 16;

/** Those that hold all values but a few hot pixels, at least twice as bright as all others. */
export function bitsInUse(values) {
  let top = 0;
  for (let i = 0; i < values.length; i++) if (values[i] > top) top = values[i];
  const few = Math.min(Math.floor(values.length / HOT_SHARE), MOST_HOT);
  if (top > 255 && few) {
    const counts = new Uint32Array(top + 1);
    for (let i = 0; i < values.length; i++) counts[values[i]]++;
    let rest = top;
    for (let above = counts[rest]; above <= few; above += counts[rest]) rest -= 1;
    if (top >= 2 * rest) top = rest;
  }
  return detectorBits(top);
}

/** Uint16 to Uint8, scaled from `bits`; what is beyond is white. */
export function toEightBits(grey, bits = bitsInUse(grey)) {
  const scale = Math.fround(255 / (2 ** bits - 1)); // NumPy multiplies float32 by float32
  const table = new Uint8Array(65536);
  for (let v = 0; v < 65536; v++) table[v] = Math.min(255, rint(Math.fround(v * scale)));
  const out = new Uint8Array(grey.length);
  for (let i = 0; i < out.length; i++) out[i] = table[grey[i]];
  return out;
}

/**
 * Interleaved samples of 16 bits to 8, by the bits that are used: the first `colours` of each
 * pixel together, alpha behind them by its own. radistill.imaging.deep_colour.
 */
export function colourToEightBits(samples, channels, colours) {
  const isColour = (_, i) => i % channels < colours;
  const colour = samples.filter(isColour);
  if (bitsInUse(colour.map((value) => value | 255)) === 16) {
    return Uint8Array.from(samples, (value) => value >> 8);
  }
  const alpha = samples.filter((value, i) => !isColour(value, i));
  const [bytes, opacity] = [toEightBits(colour), toEightBits(alpha)];
  let [at, atAlpha] = [0, 0];
  return Uint8Array.from(samples, (_, i) =>
    isColour(_, i) ? bytes[at++] : opacity[atAlpha++],
  );
}
