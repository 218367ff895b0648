// One film in the worklist.

import { h, icon } from "./dom.js";
import { percent } from "./i18n.js";
import { outcome, sign } from "./outcome.js";
import { outcomeName } from "./phrases.js";

export function row(film) {
  const element = h(
    "li.film", { role: "option", tabindex: "-1", id: `film-${film.id}` },
    h("span.film-thumb", { "aria-hidden": "true" }),
    h("span.film-name"),
    h("span.film-outcome"),
    h("span.film-chance"),
  );
  return Object.assign(element, { film });
}

/** Write the film's present state into its row. */
export function describe(element, { card, setting }) {
  const { film } = element;
  const kind = outcome(card, film, setting);
  const [thumb, name, badge, chance] = element.children;
  element.dataset.outcome = kind;
  if (film.thumb && thumb.firstChild !== film.thumb) thumb.replaceChildren(film.thumb);
  if (kind === "unread") thumb.replaceChildren(icon("unread"));
  name.textContent = film.name;
  name.title = film.name;
  badge.replaceChildren(icon(sign(card, kind)), outcomeName(card, film, setting));
  const answered = kind === "positive" || kind === "negative";
  chance.textContent = answered ? percent(film.record.probability, 1) : "";
}
