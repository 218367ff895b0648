// Colour to grey as Pillow does it: ITU-R BT.601 in fixed point; equal channels come out unchanged.

export const luma = (r, g, b) => (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16;

/** Each colour by itself, as Pillow does it. */
export function overBlack(r, g, b, opacity) {
  if (opacity === 255) return luma(r, g, b);
  const [x, y, z] = [r, g, b].map((value) => Math.round((value * opacity) / 255));
  return luma(x, y, z);
}

/** Interleaved bytes of `channels` (3: RGB, 4: RGBA over black) to grey. */
export function greyOf(data, channels) {
  const grey = new Uint8Array(data.length / channels);
  for (let i = 0, j = 0; i < grey.length; i++, j += channels) {
    const opacity = channels === 4 ? data[j + 3] : 255;
    grey[i] = overBlack(data[j], data[j + 1], data[j + 2], opacity);
  }
  return grey;
}
