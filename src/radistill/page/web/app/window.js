// Window and level: which grey levels are spread from black to white.

/** pixels: { width, height, grey }. window: its width and centre (level) as shares of the range. */
export function paintFilm(canvas, { width, height, grey }, window) {
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const table = greys(window);
  const pen = canvas.getContext("2d");
  const image = pen.createImageData(width, height);
  const out = new Uint32Array(image.data.buffer);
  for (let i = 0; i < out.length; i++) out[i] = table[grey[i]];
  pen.putImageData(image, 0, 0);
}

/** For each of 256 levels the pixel to draw: opaque grey, the same read from either end but alpha. */
function greys({ width, level }) {
  const low = level - width / 2;
  return Uint32Array.from({ length: 256 }, (_, value) => {
    const grey = Math.round(255 * Math.min(1, Math.max(0, (value / 255 - low) / width)));
    return ((255 << 24) | (grey << 16) | (grey << 8) | grey) >>> 0; // little-endian, as all browsers
  });
}
