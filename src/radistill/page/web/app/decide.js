// A record and a setting -> what is said of the film. Pure, so that a new threshold needs no new run.

const IN_SETTING = "near-threshold";

/** Reasons to abstain under `setting`; the record was made with the card's threshold and no band. */
export function reasons(record, setting) {
  const kept = record.reasons.filter(
    (reason) =>
      reason !== IN_SETTING && !(setting.anyPopulation && reason.startsWith("population-")),
  );
  if (Math.abs(record.probability - setting.threshold) < setting.band) kept.push(IN_SETTING);
  return kept;
}

export const isPositive = (record, setting) => record.probability >= setting.threshold;

/** The likelier class; null for "not the positive one" where there are several others. */
export function label(card, record, setting) {
  if (isPositive(record, setting)) return card.positive;
  if (record.label !== card.positive) return record.label;
  const others = card.classes.filter((name) => name !== card.positive);
  return others.length === 1 ? others[0] : null;
}

/** waiting, busy, stopped, unread, abstain, positive or negative: what colours and filters go by. */
export function outcome(film, setting) {
  if (film.state !== "done") return film.state;
  if (film.record.error) return "unread";
  if (reasons(film.record, setting).length) return "abstain";
  return isPositive(film.record, setting) ? "positive" : "negative";
}
