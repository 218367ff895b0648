// Films through the engine, a few at a time; stopped and gone on with at will.

import { store, notify } from "./store.js";
import { thumbnail } from "./picture.js";
import { dropPreview, keepPreview } from "./previews.js";

const AT_ONCE = 2;

/** @type {Engine | null} */
let engine = null;
let running = 0;
let stopper = new AbortController();
/** @type {(error: Error) => void} */
let onLost = () => {};
let count = 0;

/** lost: called with the error when the engine is gone or wants a token; then `resume` goes on. */
export function use(started, lost) {
  engine = started;
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
  notify("films");
  notify("selected", store.selected);
  pump();
  return films;
}

export function stop() {
  stopper.abort();
  for (const film of store.films) if (film.state === "waiting") set(film, "stopped");
  notify("progress");
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
  notify("films");
  notify("selected", store.selected);
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
  notify("films");
  notify("selected", null);
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
  notify("progress");
}

async function run(film, signal) {
  try {
    const record = await predict(film, signal);
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
  const { preview } = await predict(film, new AbortController().signal);
  keepPreview(film, preview);
  return preview ?? null;
}

/**
 * Under the card's own setting: the page decides again when the reader chooses another.
 * @param {Film} film
 * @param {AbortSignal} signal
 * @returns {Promise<FilmRecord>}
 */
async function predict(film, signal) {
  const { max_bytes: limit } = store.config;
  if (limit && film.file.size > limit) {
    return { path: film.name, error: { code: "too-large", message: `more than ${limit} bytes` } };
  }
  return /** @type {Engine} */ (engine).predict(film.file, { heatmap: true }, signal);
}

function set(film, state) {
  film.state = state;
  notify("film", film);
}
