// The films, their answers, and what one does with many: sort, filter, stop, save.

import { byId, h, icon } from "./dom.js";
import { on, select, store, notify } from "./store.js";
import { number, t } from "./i18n.js";
import { ORDERS, shown } from "./order.js";
import { outcome } from "./outcome.js";
import { className, capital } from "./phrases.js";
import { describe, row } from "./row.js";
import { rove } from "./rove.js";
import { remove, resume, stop } from "./queue.js";
import { confirmClear, saveCsv } from "./actions.js";

const FILTERS = ["all", "positive", "negative", "abstain", "unread"];
const rows = new WeakMap(); // film -> its element, kept across sorting

export function showWorklist() {
  const place = byId("worklist");
  const parts = build();
  place.replaceChildren(...Object.values(parts));
  rove(parts.list, { pick, discard: (element) => remove(element.film) });
  const refresh = () => list(place, parts);
  on("films setting", refresh);
  on("film", (film) => {
    const element = rows.get(film);
    if (element) describe(element, store);
    soon(store.order !== "added" || store.filter !== "all" ? refresh : () => counts(parts));
  });
  on("selected", () => mark(parts.list));
  on("progress", () => progress(parts));
  on("language", () => {
    translate(parts);
    refresh();
    progress(parts);
  });
  translate(parts);
  refresh();
}

function pick(element, { tapped = false } = {}) {
  select(element.film);
  // On a phone the verdict is below the list.
  const { top } = byId("verdict").getBoundingClientRect();
  if (tapped && top > 0.6 * innerHeight) byId("verdict").scrollIntoView();
}

let waiting = null;

/** Once before the next picture, however many films changed: a list of thousands stays quick. */
function soon(act) {
  if (!waiting) {
    requestAnimationFrame(() => {
      waiting();
      waiting = null;
    });
  }
  waiting = act;
}

function build() {
  return {
    head: h("header.worklist-head", {}, h("h2", { id: "worklist-title" }), h("span.worklist-sum")),
    progress: h(
      "div.progress", { hidden: true },
      h("progress", { max: 1, value: 0, id: "bar" }),
      h("span.progress-text", { id: "bar-text" }),
      h("button.button.small-button", { type: "button", onclick: toggle }),
    ),
    controls: h(
      "div.worklist-controls", { hidden: true },
      h("div.filters", { role: "group" }, ...FILTERS.map(filterButton)),
      h("label.order", {}, h("span"), h("select", { onchange: sort })),
    ),
    list: h("ul.films", { role: "listbox" }),
    none: h("p.small.none", { hidden: true }),
    foot: h(
      "footer.worklist-foot", {},
      h("button.button.small-button", { type: "button", onclick: saveCsv }, icon("save"), h("span")),
      h("button.button.small-button", { type: "button", onclick: confirmClear }, icon("bin"), h("span")),
    ),
  };
}

function filterButton(name) {
  const onclick = () => {
    store.filter = name;
    notify("setting");
  };
  return h("button.filter", { type: "button", onclick, data: { filter: name } }, h("span"), h("b"));
}

function sort(event) {
  store.order = event.target.value;
  notify("setting");
}

const toggle = () => (store.running ? stop() : resume());

function translate({ head, controls, list: films, none, foot }) {
  head.querySelector("h2").textContent = t("list.title");
  films.setAttribute("aria-label", t("list.title"));
  controls.querySelector("[role=group]").setAttribute("aria-label", t("list.filter"));
  controls.querySelector(".order span").textContent = t("list.order");
  const orders = Object.keys(ORDERS).map((name) => h("option", { value: name }, t(`order.${name}`)));
  controls.querySelector("select").replaceChildren(...orders);
  controls.querySelector("select").value = store.order;
  none.textContent = t("list.none");
  const [save, clear] = foot.querySelectorAll("span");
  save.textContent = t("list.save");
  clear.textContent = t("list.clear");
}

function list(place, parts) {
  place.hidden = store.films.length === 0;
  parts.controls.hidden = store.films.length < 2;
  const films = shown(store);
  const elements = films.map((film) => {
    if (!rows.has(film)) rows.set(film, row(film));
    const element = rows.get(film);
    describe(element, store);
    return element;
  });
  const focused = parts.list.contains(document.activeElement);
  parts.list.replaceChildren(...elements);
  parts.none.hidden = films.length > 0 || store.films.length === 0;
  mark(parts.list);
  if (focused) parts.list.querySelector("[tabindex='0']")?.focus();
  counts(parts);
}

/** One row can be reached by Tab: the selected one, or the first. */
function mark(films) {
  let reachable = null;
  for (const element of films.children) {
    const selected = element.film === store.selected;
    element.setAttribute("aria-selected", String(selected));
    element.tabIndex = -1;
    if (selected) reachable = element;
  }
  reachable ??= films.firstElementChild;
  if (reachable) reachable.tabIndex = 0;
  if (reachable && store.selected) reveal(films, reachable);
}

/** Scroll the list, never the page: a phone would jump away from the answer. */
function reveal(films, element) {
  const [frame, box] = [films.getBoundingClientRect(), element.getBoundingClientRect()];
  if (box.top < frame.top) films.scrollTop -= frame.top - box.top;
  else if (box.bottom > frame.bottom) films.scrollTop += box.bottom - frame.bottom;
}

function counts({ head, controls, foot }) {
  const sums = { all: store.films.length };
  for (const film of store.films) {
    const kind = outcome(store.card, film, store.setting);
    sums[kind] = (sums[kind] ?? 0) + 1;
  }
  head.querySelector("span").textContent = t("list.films", { n: store.films.length });
  for (const button of controls.querySelectorAll(".filter")) {
    const name = button.dataset.filter;
    button.hidden = name !== "all" && !sums[name] && store.filter !== name;
    button.setAttribute("aria-pressed", String(store.filter === name));
    button.children[0].textContent = filterName(name);
    button.children[1].textContent = number(sums[name] ?? 0);
  }
  foot.querySelector("button").disabled = !store.films.some((film) => film.state === "done");
}

function filterName(name) {
  if (name === "positive") return capital(className(store.card.positive));
  const others = store.card.classes.filter((other) => other !== store.card.positive);
  if (name === "negative" && others.length === 1) return capital(className(others[0]));
  if (name === "negative") return t("outcome.not", { disease: className(store.card.positive) });
  return t(name === "all" ? "list.all" : `outcome.${name}`);
}

function progress({ progress: place }) {
  const [bar, text, button] = place.children;
  const all = store.films.length;
  const done = store.films.filter((film) => film.state === "done").length;
  const stopped = store.films.some((film) => film.state === "stopped");
  place.hidden = all < 2 || (!store.running && !stopped);
  bar.max = Math.max(1, all);
  bar.value = done;
  text.textContent = t("list.progress", { done, n: all });
  bar.setAttribute("aria-label", text.textContent);
  button.textContent = t(store.running ? "list.stop" : "list.resume");
}
