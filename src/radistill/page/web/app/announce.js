// What a screen reader hears: each answer of a few films, only the sum of many.

import { byId } from "./dom.js";
import { on, store } from "./store.js";
import { percent, t } from "./i18n.js";
import { outcome } from "./outcome.js";
import { className, outcomeName } from "./phrases.js";

const MANY = 4;
let last = "";

export function announce(text) {
  if (!text || text === last) return;
  last = text;
  byId("live").textContent = text;
}

export function announceResults() {
  on("film", (film) => {
    if (film.state === "done" && store.films.length < MANY) announce(spoken(film));
  });
  on("progress", () => {
    const done = store.films.filter((film) => film.state === "done").length;
    if (store.films.length < MANY || !done) return;
    const all = store.films.length;
    const step = Math.max(1, Math.floor(all / 4));
    if (done === all || done % step === 0) announce(t("list.progress", { done, n: all }));
  });
  on("selected", (film) => {
    if (film?.state === "done" && document.activeElement?.role !== "option") announce(spoken(film));
  });
}

/** One film in a sentence. */
export function spoken(film) {
  const kind = outcome(store.card, film, store.setting);
  const name = outcomeName(store.card, film, store.setting);
  if (kind !== "positive" && kind !== "negative") return `${film.name}: ${name}`;
  const chance = percent(film.record.probability, 1);
  const disease = className(store.card.positive);
  return `${film.name}: ${name}. ${t("verdict.probability", { disease })}: ${chance}`;
}
