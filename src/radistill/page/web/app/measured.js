// Sensitivity and specificity at a threshold, as the card has them. Pure.

const rate = (value, [low, high]) => ({ value, low, high });

/** Sensitivity and specificity on patients never trained on; null where the card has none. */
export function onTest(card, threshold) {
  const test = card.figures?.test;
  if (test?.threshold !== threshold || !test.recall_ci || !test.specificity_ci) return null;
  return {
    films: test.n,
    sensitivity: rate(test.recall, test.recall_ci),
    specificity: rate(test.specificity, test.specificity_ci),
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
  const used = new Set();
  return [...card.operating_points]
    .sort((a, b) => Number(b.name === "default") - Number(a.name === "default"))
    .filter(({ threshold }) => !used.has(threshold) && used.add(threshold))
    .sort((a, b) => a.threshold - b.threshold);
}

/**
 * The figures to show for a point: of the same films for all points, or a setting that finds more
 * could seem to find less. Test films if every point was measured on them, else validation films.
 * @returns {{ films: "test" | "validation", figures: ReturnType<typeof onValidation> }}
 */
export function measured(card, point) {
  const tested = points(card).every(({ threshold }) => onTest(card, threshold));
  return tested
    ? { films: "test", figures: onTest(card, point.threshold) }
    : { films: "validation", figures: onValidation(point) };
}

/** The measured points just below and above a threshold of one's own. */
export function neighbours(card, threshold) {
  const all = points(card);
  return {
    below: all.filter((point) => point.threshold <= threshold).at(-1) ?? null,
    above: all.find((point) => point.threshold > threshold) ?? null,
  };
}
