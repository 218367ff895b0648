// The model card: what matters first, in the reader's language; then the card as it was written.

import { byId, h, icon } from "./dom.js";
import { on, store } from "./store.js";
import { current, number, t } from "./i18n.js";
import { markdown } from "./markdown.js";
import { onTest } from "./measured.js";
import { className, interval, ofHundred, pointName } from "./phrases.js";

export function cardButton() {
  const button = byId("open-card");
  button.disabled = false;
  button.addEventListener("click", () => {
    draw();
    byId("card").showModal();
  });
  byId("card").addEventListener("click", (event) => {
    if (event.target === byId("card")) byId("card").close(); // beside the sheet
  });
  on("language", () => byId("card").open && draw());
}

function draw() {
  const { card } = store;
  const close = () => byId("card").close();
  byId("card").replaceChildren(
    h(
      "header.sheet-head", {},
      h("h2", { id: "card-title" }, t("card.title")),
      h("button.tool", { type: "button", "aria-label": t("close"), onclick: close, autofocus: true }, icon("close")),
    ),
    h("div.sheet-body", { tabindex: "0", role: "region", "aria-labelledby": "card-title" },
      keyFacts(card), performance(card), whole(card)),
  );
}

function keyFacts(card) {
  const pair = (key, value, lang) => [h("dt", {}, t(key)), h("dd", { lang }, value)];
  return h(
    "dl.key-facts", {},
    ...pair("card.finds", className(card.positive)),
    ...pair("card.knows", card.population.description, "en"),
    ...pair("card.model", `${card.architecture}, radistill ${card.radistill_version}`, "en"),
    ...pair("card.licence", card.licence, "en"),
  );
}

function performance(card) {
  const { test } = card.figures ?? {};
  const cell = (rate, range) =>
    h("td", {}, rate === null ? "–" : number(ofHundred(rate)), range
      ? h("span.quieter", {}, ` (${interval(...range)})`) : "");
  const row = (name, measured, sensitivity, specificity) =>
    h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, measured), ...sensitivity, ...specificity);
  const rows = card.operating_points.map((point) =>
    row(pointName(card, point), t("card.validation", { n: point.films }),
      [cell(point.sensitivity, point.sensitivity_ci)],
      [cell(point.specificity, point.specificity_ci)]),
  );
  const held = test && onTest(card, test.threshold);
  if (held) {
    const both = ({ value, low, high }) => [cell(value, [low, high])];
    rows.unshift(row(t("point.default"), t("card.test", { n: held.films }),
      both(held.sensitivity), both(held.specificity)));
  }
  const heads = ["card.setting", "card.measured", "sensitivity", "specificity"];
  return h(
    "section", {},
    h("h3", {}, t("card.good")),
    test?.auc_ci ? h("p", {}, t("card.auc", {
      n: test.n, auc: number(test.auc, 3),
      range: t("range", { low: number(test.auc_ci[0], 3), high: number(test.auc_ci[1], 3) }),
    })) : "",
    h(
      "div.table-frame", { tabindex: "0", role: "region", "aria-label": t("card.good") },
      h("table", {},
        h("thead", {}, h("tr", {}, ...heads.map((key) => h("th", { scope: "col" }, t(key))))),
        h("tbody", {}, ...rows)),
    ),
    h("p.small.quieter", {}, t("card.hundred")),
  );
}

function whole(card) {
  return h(
    "section.card-text", {},
    h("h3", {}, t("card.whole")),
    current() === "en" ? "" : h("p.caution", {}, t("card.english")),
    h("div.readme", { lang: "en" }, ...(card.readme ? markdown(card.readme, 4) : notes(card))),
  );
}

const notes = (card) => [h("ul", {}, ...(card.notes ?? []).map((note) => h("li", {}, note)))];
