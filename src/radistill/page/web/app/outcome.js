// A film's outcome: its state, or its decision under the reader's setting. Pure.

import { decide } from "../engine/decide.js";

/**
 * waiting, busy, stopped, unread, abstain, positive or negative.
 * @param {Card} card
 * @param {Film} film
 * @param {Setting} setting
 */
export function outcome(card, film, setting) {
  if (film.state !== "done" || !film.record) return film.state;
  if (film.record.error) return "unread";
  const { decision, label } = decide(card, film.record, setting);
  if (decision === "abstain") return "abstain";
  return label === card.positive ? "positive" : "negative";
}
