// The selected film: zoom, window and level, and the map of what the model used.

import { byId, h, icon } from "./dom.js";
import { on, store } from "./store.js";
import { t } from "./i18n.js";
import { outcome } from "./outcome.js";
import { greyPixels } from "./picture.js";
import { previewAgain, remove } from "./queue.js";
import { previewOf } from "./previews.js";
import { paintHeat } from "./heat.js";
import { paintFilm } from "./window.js";
import { zoomable } from "./zoom.js";
import { slider } from "./slider.js";

let pixels = null; // of the film on show
let shownFor = null; // the film and the source they came from

export function showViewer() {
  const film = h("canvas.film-canvas");
  const heat = h("canvas.heat-canvas", { "aria-hidden": "true" });
  const layers = h("div.layers", {}, film, heat);
  const stage = h("div.stage", { tabindex: "0", role: "group" }, layers);
  const note = h("p.stage-note", { hidden: true });
  const zoom = zoomable(stage, layers);
  const parts = { film, heat, layers, stage, note, zoom, window: { width: 1, level: 0.5 }, heatOn: 1 };
  const build = () => {
    byId("viewer").replaceChildren(
      h("h2.hidden", { id: "viewer-title" }, t("viewer.title")),
      h("div.stage-frame", {}, stage, note),
      controls(parts),
    );
    stage.setAttribute("aria-label", t("viewer.keys"));
    heatState(parts);
  };
  on("language", build);
  on("selected", () => load(parts));
  on("film", (changed) => changed === store.selected && load(parts));
  on("setting", () => heatState(parts));
  stage.addEventListener("windowing", (event) => {
    const { dx, dy } = /** @type {CustomEvent} */ (event).detail;
    const { width, level } = parts.window;
    setWindow(parts, { width: width + dx, level: level + dy });
  });
  build();
  load(parts);
}

function controls(parts) {
  const tool = (name, key, onclick) =>
    h("button.tool", { type: "button", "aria-label": t(key), title: t(key), onclick }, icon(name));
  const { zoom } = parts;
  parts.widthSlider = slider("viewer.width", { min: 0.05, max: 1.5, step: 0.01 }, parts.window.width,
    (width) => setWindow(parts, { ...parts.window, width }));
  parts.levelSlider = slider("viewer.level", { min: 0, max: 1, step: 0.01 }, parts.window.level,
    (level) => setWindow(parts, { ...parts.window, level }));
  parts.heatSlider = slider("viewer.heat", { min: 0, max: 1, step: 0.05 }, parts.heatOn, (value) => {
    parts.heatOn = value;
    parts.heat.style.opacity = value;
  });
  return h(
    "div.viewer-controls", {},
    h(
      "div.toolbar", { role: "toolbar", "aria-label": t("viewer.tools") },
      tool("zoom-in", "viewer.zoom-in", () => zoom.by(1.25)),
      tool("zoom-out", "viewer.zoom-out", () => zoom.by(0.8)),
      tool("fit", "viewer.reset", () => {
        zoom.reset();
        setWindow(parts, { width: 1, level: 0.5 });
      }),
      tool("print", "viewer.print", () => window.print()),
      tool("bin", "viewer.remove", () => remove(store.selected)),
    ),
    h("div.sliders", {}, parts.heatSlider, parts.widthSlider, parts.levelSlider),
    h(
      "div.legend", {},
      h("span.legend-bar", { "aria-hidden": "true" }),
      h("p.small.quieter", {}, t("viewer.legend")),
    ),
  );
}

function setWindow(parts, { width, level }) {
  parts.window = { width: clamp(width, 0.05, 1.5), level: clamp(level, 0, 1) };
  parts.widthSlider.set(parts.window.width);
  parts.levelSlider.set(parts.window.level);
  if (pixels) paintFilm(parts.film, pixels, parts.window);
}

const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

async function load(parts) {
  const film = store.selected;
  byId("viewer").hidden = !film;
  if (!film) {
    pixels = shownFor = null;
    parts.film.width = parts.film.height = 0;
    return;
  }
  const ready = film.state === "done" && film.previewed;
  const key = `${film.id} ${ready}`;
  if (shownFor !== key) {
    const isNew = shownFor?.split(" ")[0] !== String(film.id);
    shownFor = key;
    const drawn = await greyPixels(ready ? await preview(film) : film.file);
    if (shownFor !== key) return; // another film was selected meanwhile
    pixels = drawn;
    if (isNew) parts.zoom.reset();
    paint(parts, film);
  }
  heatState(parts);
}

async function preview(film) {
  return previewOf(film) ?? (await previewAgain(film).catch(() => null)) ?? film.file;
}

function paint(parts, film) {
  const waiting = film.state !== "done";
  parts.note.hidden = Boolean(pixels) || waiting;
  parts.note.textContent = t("viewer.none");
  parts.layers.hidden = !pixels;
  if (!pixels) return;
  parts.layers.style.setProperty("--ratio", pixels.width / pixels.height);
  parts.film.setAttribute("role", "img");
  parts.film.setAttribute("aria-label", t("viewer.film", { name: film.name }));
  paintFilm(parts.film, pixels, parts.window);
}

/**
 * Null where the model does not answer: of such a picture the map says nothing.
 * @param {Film} film
 */
function heatmapOf(film) {
  const kind = outcome(store.card, film, store.setting);
  if (kind !== "positive" && kind !== "negative") return null;
  return /** @type {Prediction} */ (film.record).heatmap;
}

function heatState(parts) {
  const film = store.selected;
  const map = film ? heatmapOf(film) : null;
  parts.heat.hidden = !map;
  parts.heatSlider.disable(!map);
  byId("viewer").dataset.heat = map ? "yes" : "no";
  parts.stage.dataset.busy = String(film?.state === "busy" || film?.state === "waiting");
  if (!map || parts.drawn === map) return;
  paintHeat(parts.heat, map);
  parts.heat.style.opacity = parts.heatOn;
  parts.drawn = map;
}
