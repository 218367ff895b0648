// Choosing an operating point, and what it means for patients.

import { byId, h } from "./dom.js";
import { change, on, store } from "./store.js";
import { percent, t } from "./i18n.js";
import { points } from "./measured.js";
import { meaning } from "./meaning.js";
import { pointName } from "./phrases.js";

export function showSetting() {
  const build = () => {
    const place = h("div.meaning", { id: "meaning" });
    byId("setting").replaceChildren(title(), choices(), place, more());
    refresh();
  };
  const refresh = () => {
    byId("setting").hidden = store.films.length === 0;
    byId("meaning").replaceChildren(...meaning(store.card, store.setting));
    for (const input of radios()) {
      input.checked = input.value === store.setting.point;
    }
    byId("own").hidden = store.setting.point !== "own";
    byId("own-value").value = String(store.setting.threshold);
    byId("own-text").textContent = percent(store.setting.threshold, 1);
  };
  on("language", build);
  on("setting films", refresh);
  build();
}

/** @returns {NodeListOf<HTMLInputElement>} */
const radios = () => byId("setting").querySelectorAll("input[name=point]");

const title = () => h("h2", { id: "setting-title" }, t("setting.title"));

function choices() {
  const list = points(store.card);
  return h(
    "fieldset.points", {},
    h("legend.small.quieter", {}, t("setting.legend")),
    h("p.points-head.small.quieter", { "aria-hidden": "true" }, t("setting.threshold")),
    ...list.map((point) => choice(point.name, pointName(store.card, point), point.threshold)),
    choice("own", t("point.own"), null),
    own(),
  );
}

function choice(name, text, value) {
  const onchange = () => change({ point: name, ...(value === null ? {} : { threshold: value }) });
  return h(
    "label.point", {},
    h("input", { type: "radio", name: "point", value: name, onchange }),
    h("span", {}, text),
    value === null ? null : h("span.point-value", {}, percent(value, 1)),
  );
}

function own() {
  const oninput = (event) => change({ point: "own", threshold: Number(event.target.value) });
  return h(
    "div.own", { id: "own", hidden: true },
    h(
      "label.slider", {},
      h("span", {}, t("setting.threshold")),
      h("input", { type: "range", id: "own-value", min: 0, max: 1, step: 0.005, oninput }),
      h("output", { id: "own-text" }),
    ),
  );
}

/** What few need: the band, and films of other people. */
function more() {
  const band = (event) => change({ band: Number(event.target.value) });
  const any = (event) => change({ anyPopulation: event.target.checked });
  const bands = [0, 0.02, 0.05, 0.1, 0.2].map((value) =>
    h("option", { value }, value ? t("band.within", { width: percent(value) }) : t("band.none")),
  );
  const select = h("select", { onchange: band }, ...bands);
  select.value = String(store.setting.band);
  return h(
    "details.more", {},
    h("summary", {}, t("setting.more")),
    h("label.field", {}, h("span", {}, t("band.label")), select),
    h(
      "label.check", {},
      h("input", { type: "checkbox", checked: store.setting.anyPopulation, onchange: any }),
      h("span", {}, t("setting.any")),
    ),
  );
}
