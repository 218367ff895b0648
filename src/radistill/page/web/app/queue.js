// Films through the engine, a few at a time; stopped and gone on with at will.

import { store, tell } from "./store.js";
import { thumbnail } from "./picture.js";
import { dropPreview, keepPreview } from "./previews.js";

const AT_ONCE = 2;

let engine = null;
let running = 0;
let stopper = new AbortController();
let onLost = () => {};
let count = 0;

/** lost: called with the error when the engine is gone or wants a token; then `resume` goes on. */
export function use(opened, lost) {
  engine = opened;
  onLost = lost;
}

export function add(files) {
  const films = files.map((file) => ({
    id: ++count,
    file,
    name: file.webkitRelativePath || file.path || file.name || `film-${count}`,
    state: "waiting",
    record: null,
    thumb: null,
    previewed: false, // whether the picture comes from the engine
  }));
  store.films.push(...films);
  store.selected ??= films[0] ?? null;
  tell("films");
  tell("selected", store.selected);
  pump();
  return films;
}

export function stop() {
  stopper.abort();
  for (const film of store.films) if (film.state === "waiting") set(film, "stopped");
  tell("progress");
}

export function resume() {
  for (const film of store.films) if (film.state === "stopped") set(film, "waiting");
  pump();
}

export function remove(film) {
  const at = store.films.indexOf(film);
  if (at < 0) return;
  film.gone = true;
  dropPreview(film);
  store.films.splice(at, 1);
  if (store.selected === film) store.selected = store.films[Math.min(at, store.films.length - 1)];
  tell("films");
  tell("selected", store.selected);
}

export function clear() {
  stopper.abort();
  for (const film of store.films) {
    film.gone = true;
    dropPreview(film);
  }
  store.films = [];
  store.selected = null;
  store.filter = "all";
  tell("films");
  tell("selected", null);
}

function pump() {
  if (stopper.signal.aborted) stopper = new AbortController();
  while (engine && running < AT_ONCE) {
    const next = store.films.find((film) => film.state === "waiting");
    if (!next) break;
    running++;
    set(next, "busy");
    run(next, stopper.signal).finally(() => {
      running--;
      pump();
    });
  }
  store.running = running > 0;
  tell("progress");
}

async function run(film, signal) {
  try {
    const record = await once(film, signal);
    const { preview, ...rest } = record;
    film.record = rest;
    film.previewed = Boolean(preview);
    if (!film.gone) film.thumb = await thumbnail(preview ?? film.file);
    if (film.gone) preview?.close?.();
    else keepPreview(film, preview);
    set(film, "done");
  } catch (error) {
    set(film, "stopped");
    if (signal.aborted || error.name === "AbortError") return;
    stop();
    onLost(error);
  }
}

/** The picture of a film whose preview was let go: only the engine can draw it again. */
export async function previewAgain(film) {
  const { preview } = await once(film, new AbortController().signal);
  keepPreview(film, preview);
  return preview ?? null;
}

async function once(film, signal) {
  const { max_bytes: limit } = store.config;
  if (limit && film.file.size > limit) {
    return { path: film.name, error: { code: "too-large", message: `more than ${limit} bytes` } };
  }
  // The card's own threshold: what the reader chooses is decided here, without another run.
  const options = { threshold: store.card.threshold, band: 0, anyPopulation: false, heatmap: true };
  return engine.predict(film.file, options, signal);
}

function set(film, state) {
  film.state = state;
  tell("film", film);
}
