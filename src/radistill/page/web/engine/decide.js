// A film's probability and reasons to a decision, as radistill.runtime.decision makes it. Pure:
// the page decides again when the reader changes a setting, without another run.

const NEAR = "near-threshold";

/**
 * Decide under a setting.
 *
 * film: its probability, its reasons to abstain with those of its population, and the likeliest
 * class (of the others, where it is not positive). label is null where the record does not say
 * which of several other classes it is.
 * @param {Card} card
 * @param {{ probability: number, reasons: string[], label: string }} film
 * @param {Setting} setting
 * @returns {Decision}
 */
export function decide(card, film, { threshold, band, anyPopulation }) {
  const reasons = film.reasons.filter(
    (reason) => reason !== NEAR && !(anyPopulation && reason.startsWith("population-")),
  );
  if (Math.abs(film.probability - threshold) < band) reasons.push(NEAR);
  const label = film.probability >= threshold ? card.positive : otherClass(card, film.label);
  const decision = reasons.length ? "abstain" : (label ?? `not ${card.positive}`).toLowerCase();
  return { label, threshold, decision, reasons };
}

/**
 * @param {Card} card
 * @param {string} label
 */
function otherClass(card, label) {
  if (label !== card.positive) return label;
  const others = card.classes.filter((name) => name !== card.positive);
  return others.length === 1 ? others[0] : null;
}
