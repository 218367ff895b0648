// What the page knows; every part listens for what it shows. Nothing is kept when the page closes.

const events = new EventTarget();

export const store = {
  card: null, // the bundle, as GET /v1/bundle gives it
  config: null,
  films: [], // { id, file, name, state: waiting|busy|done|stopped, record, thumb }
  selected: null, // a film
  setting: { point: "default", threshold: 0.5, band: 0, anyPopulation: false },
  filter: "all",
  order: "added",
  running: false,
};

/** Topics: films (added or removed), film (one changed), selected, setting, progress, language. */
export function on(topics, act) {
  for (const topic of topics.split(" ")) {
    events.addEventListener(topic, (event) => act(event.detail));
  }
}

export function tell(topic, detail) {
  events.dispatchEvent(new CustomEvent(topic, { detail }));
}

export function select(film) {
  if (store.selected === film) return;
  store.selected = film;
  tell("selected", film);
}

export function change(settings) {
  Object.assign(store.setting, settings);
  tell("setting");
}
