// One film in the worklist.

import { h, icon } from "./dom.js";
import { percent } from "./i18n.js";
import { outcome } from "./decide.js";
import { outcomeName } from "./words.js";

const ICONS = { busy: "waiting", stopped: "waiting" };

export function row(film) {
  const element = h(
    "li.film", { role: "option", tabindex: "-1", id: `film-${film.id}` },
    h("span.film-thumb", { "aria-hidden": "true" }),
    h("span.film-name"),
    h("span.film-said"),
    h("span.film-chance"),
  );
  element.film = film;
  return element;
}

/** Write into the row what is known of its film by now. */
export function describe(element, { card, setting }) {
  const { film } = element;
  const kind = outcome(film, setting);
  const [thumb, name, said, chance] = element.children;
  element.dataset.outcome = kind;
  if (film.thumb && thumb.firstChild !== film.thumb) thumb.replaceChildren(film.thumb);
  if (kind === "unread") thumb.replaceChildren(icon("unread"));
  name.textContent = film.name;
  name.title = film.name;
  said.replaceChildren(icon(ICONS[kind] ?? kind), outcomeName(card, film, setting));
  const answered = kind === "positive" || kind === "negative";
  chance.textContent = answered ? percent(film.record.probability, 1) : "";
}
