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

/**
 * Whether the model learnt nothing, or less than a simpler one: no tick for what it says.
 * @param {Card} card
 */
export const unfit = (card) => Boolean(card.figures?.shortfalls?.length);

/**
 * The icon of an outcome.
 * @param {Card} card
 * @param {string} kind
 */
export function sign(card, kind) {
  if (unfit(card) && (kind === "positive" || kind === "negative")) return "info";
  return kind === "busy" || kind === "stopped" ? "waiting" : kind;
}
