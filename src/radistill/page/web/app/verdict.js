// The decision about the selected film.

import { byId, h, icon } from "./dom.js";
import { on, store } from "./store.js";
import { current, has, percent, t } from "./i18n.js";
import { decide } from "../engine/decide.js";
import { shortfalls } from "./facts.js";
import { outcome, sign } from "./outcome.js";
import { ages, className, outcomeName, threshold } from "./phrases.js";
import { scale } from "./scale.js";

export function showVerdict() {
  on("selected setting language", draw);
  on("film", (film) => film === store.selected && draw());
  draw();
}

function draw() {
  const place = byId("verdict");
  const film = store.selected;
  place.hidden = !film;
  if (!film) return;
  const kind = outcome(store.card, film, store.setting);
  place.dataset.outcome = kind;
  place.replaceChildren(
    h("p.verdict-file", { title: film.name }, film.name),
    h(
      "h2.verdict-title", { id: "verdict-title" },
      icon(sign(store.card, kind)),
      h("span", {}, outcomeName(store.card, film, store.setting)),
    ),
    ...body(kind, film),
    film.record?.model ? h("p.provenance", {}, provenance(film.record.model)) : "",
  );
}

/** On paper only: which model decided, and when it was printed. */
function provenance({ name, version, sha256 }) {
  const today = new Intl.DateTimeFormat(current(), { dateStyle: "long" }).format(new Date());
  return `${name} ${version} · sha256 ${sha256.slice(0, 12)} · ${today}`;
}

function body(kind, film) {
  if (kind === "positive" || kind === "negative") return answer(kind, film.record);
  if (kind === "abstain") return refusal(film.record);
  if (kind === "unread") return failure(film.record.error);
  if (kind === "stopped") return [h("p", {}, t("verdict.stopped"))];
  return [h("p.verdict-wait", {}, h("span.spinner", { "aria-hidden": "true" }), t("verdict.busy"))];
}

function answer(kind, record) {
  const disease = className(store.card.positive);
  const chance = percent(record.probability, 1);
  const limit = percent(store.setting.threshold, 1);
  return [
    h("p.verdict-chance", {}, h("span", {}, t("verdict.probability", { disease })), h("b", {}, chance)),
    scale(record.probability, store.setting),
    h("p.small", {}, t(`verdict.why.${kind}`, { limit, disease })),
    h("p.small.quieter", {}, t("verdict.not-risk")),
    h("p.small.quieter", {}, population()),
    store.card.synthetic ? h("p.caution", {}, t("facts.synthetic")) : "",
    ...shortfalls(store.card),
  ];
}

/** The model's population: a JPEG or PNG carries no tags, so the reader must check it. */
function population() {
  const who = ages(store.card);
  return who ? t("verdict.population", { who }) : "";
}

function refusal(record) {
  const { reasons } = decide(store.card, record, store.setting);
  return [
    h("p", {}, t("verdict.abstain")),
    h(
      "ul.reasons", {},
      ...reasons.map((code) =>
        h(
          "li", { data: { reason: code } },
          h("b", {}, has(`reason.${code}`) ? t(`reason.${code}`) : code),
          has(`advice.${code}`) ? h("span.small", {}, t(`advice.${code}`, values())) : null,
        ),
      ),
    ),
  ];
}

const values = () => ({ threshold: threshold(store.setting.threshold) });

function failure({ code, message }) {
  return [
    h("p", {}, t(has(`error.${code}`) ? `error.${code}` : "error.other")),
    h("p.small.quieter", { lang: "en" }, `${code}: ${message}`),
  ];
}
