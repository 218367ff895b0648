// What a threshold gave on films with known answers. Pure.

const Z = 1.959964; // 95 %

/** Wilson's interval for `hits` of `n`: the one the card uses for its operating points. */
export function wilson(hits, n) {
  const share = hits / n;
  const scale = 1 + Z ** 2 / n;
  const centre = (share + Z ** 2 / (2 * n)) / scale;
  const half = (Z * Math.sqrt((share * (1 - share)) / n + Z ** 2 / (4 * n ** 2))) / scale;
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}

const rate = (value, [low, high]) => ({ value, low, high });

/** Sensitivity and specificity on patients never trained on; null at any other threshold. */
export function onTest(card, threshold) {
  const test = card.figures?.test;
  if (!test?.confusion || test.threshold !== threshold) return null;
  const { tp, fn, tn, fp } = test.confusion;
  if (!(tp + fn) || !(tn + fp)) return null;
  return {
    films: test.n,
    sensitivity: rate(tp / (tp + fn), wilson(tp, tp + fn)),
    specificity: rate(tn / (tn + fp), wilson(tn, tn + fp)),
  };
}

/** The same on the films that operating points were chosen with; null if the card does not say. */
export function onValidation(point) {
  if (!point?.sensitivity_ci || !point?.specificity_ci) return null;
  return {
    films: point.films,
    sensitivity: rate(point.sensitivity, point.sensitivity_ci),
    specificity: rate(point.specificity, point.specificity_ci),
  };
}

/** Operating points from the most sensitive to the least, the default kept over its doubles. */
export function points(card) {
  const seen = new Set();
  return [...card.operating_points]
    .sort((a, b) => (b.name === "default") - (a.name === "default"))
    .filter(({ threshold }) => !seen.has(threshold) && seen.add(threshold))
    .sort((a, b) => a.threshold - b.threshold);
}

/** The measured points just below and above a threshold of one's own. */
export function neighbours(card, threshold) {
  const all = points(card);
  return {
    below: all.filter((point) => point.threshold <= threshold).at(-1) ?? null,
    above: all.find((point) => point.threshold > threshold) ?? null,
  };
}
