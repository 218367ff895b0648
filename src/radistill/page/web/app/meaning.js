// A threshold's sensitivity and specificity as so many of 100, honest about where they come from.

import { h } from "./dom.js";
import { number, t } from "./i18n.js";
import { measured, neighbours, onTest, onValidation } from "./measured.js";
import { className, interval, isFinding, ofHundred, people, pointName } from "./phrases.js";

export function meaning(card, setting) {
  const same = card.operating_points.filter(({ threshold }) => threshold === setting.threshold);
  const point = same.find(({ name }) => name === setting.point) ?? same[0];
  const { films, figures } = point ? measured(card, point) : { films: null, figures: null };
  if (!figures) return [unmeasured(card, setting)];
  const other = films === "test" ? onValidation(point) : onTest(card, setting.threshold);
  return [
    frequencies(card, figures),
    h("p.small.source", {}, t(`source.${films}`, { n: figures.films })),
    other ? alsoOn(other, films === "test" ? "source.also" : "source.also-test") : null,
    films === "test" ? null : warning(card),
  ].filter((part) => part !== null);
}

/** "Of 100 children with pneumonia it finds about 97", with 100 dots each. */
function frequencies(card, { sensitivity, specificity }) {
  const names = { disease: className(card.positive), people: t(`people.${people(card)}`) };
  const detected = ofHundred(sensitivity.value);
  const alarms = 100 - ofHundred(specificity.value);
  // The name of a folder is a label; only of what the page knows is it said that people have it.
  const [found, alarm] = isFinding(card.positive)
    ? ["meaning.found", "meaning.alarm"]
    : ["meaning.found.label", "meaning.alarm.label"];
  const within = (low, high) => t("meaning.interval", { range: interval(low, high) });
  return h(
    "div.frequencies", {},
    frequency(
      "found", detected,
      t(found, { ...names, count: number(detected), n: detected }),
      `${t("sensitivity")}, ${within(sensitivity.low, sensitivity.high)}`,
    ),
    frequency(
      "alarm", alarms,
      t(alarm, { ...names, count: number(alarms), n: alarms }),
      `${t("false-alarms")}, ${within(1 - specificity.high, 1 - specificity.low)}`,
    ),
  );
}

function frequency(kind, count, sentence, small) {
  const dots = Array.from({ length: 100 }, (_, i) => h(i < count ? "i.on" : "i"));
  return h(
    "div.frequency", { data: { kind } },
    h("div.dots", { "aria-hidden": "true" }, ...dots),
    h("div", {}, h("p", {}, sentence), h("p.small.quieter", {}, small)),
  );
}

function alsoOn({ films, sensitivity, specificity }, key) {
  return h(
    "p.small.quieter", {},
    t(key, {
      n: films,
      found: number(ofHundred(sensitivity.value)),
      foundRange: interval(sensitivity.low, sensitivity.high),
      alarms: number(100 - ofHundred(specificity.value)),
      alarmsRange: interval(1 - specificity.high, 1 - specificity.low),
    }),
  );
}

/** Figures on the films that chose a setting are too good: show by how much, for the default. */
function warning(card) {
  const usual = card.operating_points.find(({ name }) => name === "default");
  const test = usual && onTest(card, usual.threshold);
  const before = onValidation(usual);
  if (!test || !before) return h("p.caution", {}, t("source.flatters"));
  return h(
    "p.caution", {},
    t("source.compare", {
      before: number(100 - ofHundred(before.specificity.value)),
      after: number(100 - ofHundred(test.specificity.value)),
    }),
  );
}

function unmeasured(card, setting) {
  if (setting.point !== "own") return h("p.caution", {}, t("unmeasured.none"));
  const { below, above } = neighbours(card, setting.threshold);
  const names = { below: below && pointName(card, below), above: above && pointName(card, above) };
  const key = below && above ? "between" : below ? "above" : "below";
  return h("p.caution", {}, t(`unmeasured.${key}`, names));
}
