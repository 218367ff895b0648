// Windows of DICOM (PS3.3 C.11.2.1.2 and C.11.2.1.3): values to grey bytes.

export const FUNCTIONS = ["LINEAR", "LINEAR_EXACT", "SIGMOID"];

/** Whether the standard allows it: LINEAR is at least 1 wide, the others more than 0. */
export function makesSense({ center, width, function: kind }) {
  if (!Number.isFinite(center) || !Number.isFinite(width)) return false;
  return kind === "LINEAR" ? width >= 1 : width > 0;
}

/** Float64Array to whole numbers 0..255; `inverted` puts the least at 255. */
export function windowed({ center, width, function: kind }, values, inverted) {
  const [first, last] = inverted ? [255, 0] : [0, 255];
  if (kind === "SIGMOID") {
    return values.map((value) => {
      const power = Math.min(700, Math.max(-700, (-4 * (value - center)) / width));
      return Math.floor(first + (last - first) / (1 + Math.exp(power)));
    });
  }
  const exact = kind === "LINEAR_EXACT";
  const [c, w] = exact ? [center, width] : [center - 0.5, width - 1];
  if (w === 0) return values.map((value) => (value <= c ? first : last));
  const gradient = (last - first) / w;
  const offset = last - (c / w + 0.5) * (last - first);
  return values.map((value) => {
    if (value <= c - w / 2) return first;
    if (value > c + w / 2) return last;
    return Math.min(255, Math.max(0, Math.floor(offset + value * gradient)));
  });
}
