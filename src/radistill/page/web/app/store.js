// The page's state. Each part listens to the topics that it shows; nothing outlives the page.

const events = new EventTarget();

export const store = {
  card: /** @type {Card} */ (/** @type {unknown} */ (null)), // until the engine is open
  config: /** @type {Config} */ (/** @type {unknown} */ (null)), // until it is loaded
  films: /** @type {Film[]} */ ([]),
  selected: /** @type {Film | null} */ (null),
  /** @type {Setting} */
  setting: { point: "default", threshold: 0.5, band: 0, anyPopulation: false },
  filter: "all",
  order: "added",
  running: false,
};

/**
 * Call `act` with the detail of each event.
 * @param {string} topics of films (added or removed), film (one changed), selected, setting,
 *   progress, language
 * @param {(detail: any) => void} act
 */
export function on(topics, act) {
  for (const topic of topics.split(" ")) {
    events.addEventListener(topic, (event) => act(/** @type {CustomEvent} */ (event).detail));
  }
}

/**
 * @param {string} topic
 * @param {any} [detail]
 */
export function notify(topic, detail) {
  events.dispatchEvent(new CustomEvent(topic, { detail }));
}

/** @param {Film | null} film */
export function select(film) {
  if (store.selected === film) return;
  store.selected = film;
  notify("selected", film);
}

/** @param {Partial<Setting>} settings */
export function change(settings) {
  Object.assign(store.setting, settings);
  notify("setting");
}
