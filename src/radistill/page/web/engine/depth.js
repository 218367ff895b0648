// 16 bits to 8, as radistill.imaging.preprocess does it.

const DETECTOR_BITS = [8, 10, 12, 14, 15, 16];

/** NumPy's rint: halves go to the even neighbour. */
export function rint(value) {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Uint16 to Uint8, scaled from the fewest bits of a detector that hold the maximum. */
export function toEightBits(grey) {
  let top = 0;
  for (let i = 0; i < grey.length; i++) if (grey[i] > top) top = grey[i];
  const bits = DETECTOR_BITS.find((count) => top < 2 ** count) ?? 16;
  const scale = Math.fround(255 / (2 ** bits - 1)); // NumPy multiplies float32 by float32
  const table = new Uint8Array(65536);
  for (let v = 0; v < 65536; v++) table[v] = Math.min(255, rint(Math.fround(v * scale)));
  const out = new Uint8Array(grey.length);
  for (let i = 0; i < out.length; i++) out[i] = table[grey[i]];
  return out;
}
