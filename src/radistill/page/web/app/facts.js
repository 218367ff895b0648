// What a reader should know before the first film: whom the model knows, what it reads, where films go.

import { byId, h } from "./dom.js";
import { store } from "./store.js";
import { bytes, t } from "./i18n.js";
import { unfit } from "./outcome.js";
import { ages, className, people } from "./phrases.js";

export function showFacts() {
  const { card, config } = store;
  const disease = className(card.positive);
  byId("task").textContent = t("task", { disease, people: t(`people.${people(card)}`) });
  const limit = config.max_bytes ? t("facts.limit", { size: bytes(config.max_bytes) }) : "";
  byId("facts").replaceChildren(
    ...fact("facts.knows", [...knows(card), h("p.small", {}, t("facts.others"))]),
    ...fact("facts.reads", [h("p", {}, t("facts.formats")), limit ? h("p.small", {}, limit) : ""]),
    ...fact("facts.where", [
      h("p", {}, t(`facts.${config.engine}`)),
      h("p.small", {}, t(`facts.${config.engine}.more`)),
    ]),
  );
  document.body.dataset.unfit = String(unfit(card));
}

function fact(key, body) {
  return [h("div.fact", {}, h("dt", {}, t(key)), h("dd", {}, ...body))];
}

function knows(card) {
  const who = ages(card);
  return [
    who ? h("p", {}, who) : "",
    h("p.small", { lang: "en" }, card.population.description),
    card.synthetic ? h("p.caution", {}, t("facts.synthetic")) : "",
    ...shortfalls(card),
  ];
}

/** Why the model should not be used, in the card's words; beside every answer too. */
export function shortfalls(card) {
  const reasons = card.figures?.shortfalls ?? [];
  return reasons.map((reason) => h("p.caution", { lang: "en" }, reason));
}
