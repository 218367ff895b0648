// The card's names and figures in the reader's language.

import { has, number, t } from "./i18n.js";
import { decide } from "../engine/decide.js";
import { measured } from "./measured.js";
import { outcome } from "./outcome.js";

/** A class's translation where there is one, else the card's name in lower case. */
export function className(name) {
  const key = `class.${name.toLowerCase()}`;
  return has(key) ? t(key) : name.toLowerCase();
}

/** Whether a class is a disease that the page has a word for, and not just a label. */
export const isFinding = (name) => has(`class.${name.toLowerCase()}`);

export const capital = (text) => text.charAt(0).toLocaleUpperCase() + text.slice(1);

/** The outcome of a film, as a heading or a badge. */
export function outcomeName(card, film, setting) {
  const kind = outcome(card, film, setting);
  if (kind === "positive") return capital(className(card.positive));
  if (kind === "negative") {
    const { label } = decide(card, film.record, setting);
    return label ? capital(className(label)) : t("outcome.not", { disease: className(card.positive) });
  }
  return t(`outcome.${kind}`);
}

/** "children", "adults" or "people", from the ages the card knows. */
export function people(card) {
  const years = card.population?.age_years;
  if (!years) return "people";
  if (years[1] <= 18) return "children";
  return years[0] >= 18 ? "adults" : "people";
}

/** "Children from 1 to 6 years"; null if the card names no ages. */
export function ages(card) {
  const years = card.population?.age_years;
  if (!years) return null;
  return t(`facts.ages.${people(card)}`, { low: number(years[0]), high: number(years[1]) });
}

/** A share as so many of 100, whole. */
export const ofHundred = (share) => Math.round(100 * share);

/** "94 to 98" for a rate's interval, in hundredths. */
export function interval(low, high) {
  return t("range", { low: number(ofHundred(low)), high: number(ofHundred(high)) });
}

/** A threshold to three digits after the point. */
export const threshold = (value) => number(value, 3);

/** A point's name; how many it finds is measured on the films that the figures are of. */
export function pointName(card, point) {
  if (point.name === "default") return t("point.default");
  const wanted = /^sensitivity-([\d.]+)$/.exec(point.name);
  if (!wanted) return point.name;
  const { figures } = measured(card, point);
  const n = figures ? ofHundred(figures.sensitivity.value) : 100 * Number(wanted[1]);
  return t("point.sensitivity", { n: number(n) });
}
