// Colour to grey as Pillow does it: ITU-R BT.601 in fixed point; equal channels come out unchanged.

export const luma = (r, g, b) => (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16;

/** Interleaved bytes of `channels` (3: RGB, 4: RGBA over black) to grey. */
export function greyOf(data, channels) {
  const grey = new Uint8Array(data.length / channels);
  for (let i = 0, j = 0; i < grey.length; i++, j += channels) {
    const value = luma(data[j], data[j + 1], data[j + 2]);
    grey[i] = channels === 4 && data[j + 3] < 255 ? Math.round((value * data[j + 3]) / 255) : value;
  }
  return grey;
}
