// The class activation map in colour, drawn as `radistill predict --heatmaps` draws it.

const SIDE = 160; // pixels; the map has a few positions and is spread bilinearly
// From nothing over yellow and orange to red: strength, red, green, blue, opacity.
const RAMP = [
  [0.0, 255, 230, 80, 0.0],
  [0.3, 255, 220, 70, 0.04],
  [0.6, 255, 130, 20, 0.35],
  [1.0, 215, 20, 20, 0.6],
];

/** map: { size: [h, w], values: Uint8Array }, 255 for the strongest colour. */
export function paintHeat(canvas, { size: [rows, columns], values }) {
  canvas.width = canvas.height = SIDE;
  const pen = canvas.getContext("2d");
  const image = pen.createImageData(SIDE, SIDE);
  const table = colours();
  const across = places(columns);
  const down = places(rows);
  let at = 0;
  for (const [top, bottom, y] of down) {
    for (const [left, right, x] of across) {
      const upper = mix(values[top * columns + left], values[top * columns + right], x);
      const lower = mix(values[bottom * columns + left], values[bottom * columns + right], x);
      const colour = table[Math.round(mix(upper, lower, y))];
      for (const channel of colour) image.data[at++] = channel;
    }
  }
  pen.putImageData(image, 0, 0);
}

const mix = (a, b, share) => a + (b - a) * share;

/** For each pixel along a side: the two positions it lies between, and how far. */
function places(count) {
  return Array.from({ length: SIDE }, (_, i) => {
    const at = Math.min(count - 1, Math.max(0, ((i + 0.5) * count) / SIDE - 0.5));
    const first = Math.floor(at);
    return [first, Math.min(count - 1, first + 1), at - first];
  });
}

function colours() {
  return Array.from({ length: 256 }, (_, value) => {
    const strength = value / 255;
    const next = Math.max(1, RAMP.findIndex(([from]) => from >= strength));
    const [a, b] = [RAMP[next - 1], RAMP[next]];
    const share = (strength - a[0]) / (b[0] - a[0]);
    const [red, green, blue, opacity] = a.slice(1).map((from, i) => mix(from, b[i + 1], share));
    return [red, green, blue, 255 * opacity];
  });
}
