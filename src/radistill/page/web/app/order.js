// Which films the worklist shows, and in what order. Pure.

import { outcome } from "./outcome.js";
import { compare } from "./i18n.js";

const RANK = ["positive", "abstain", "negative", "unread", "busy", "waiting", "stopped"];
const chance = (film) => film.record?.probability ?? -1;

export const ORDERS = {
  added: () => (a, b) => a.id - b.id,
  outcome: ({ card, setting }) => (a, b) => {
    const [first, second] = [a, b].map((film) => RANK.indexOf(outcome(card, film, setting)));
    return first - second || chance(b) - chance(a);
  },
  highest: () => (a, b) => chance(b) - chance(a) || a.id - b.id,
  lowest: () => (a, b) => Number(chance(a) < 0) - Number(chance(b) < 0) || chance(a) - chance(b),
  name: () => (a, b) => compare(a.name, b.name),
};

export function shown(store) {
  const { card, films, filter, setting, order } = store;
  const kept = films.filter((film) => filter === "all" || outcome(card, film, setting) === filter);
  return [...kept].sort(ORDERS[order](store));
}
