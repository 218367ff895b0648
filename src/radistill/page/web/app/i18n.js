// Messages, plurals and numbers in the reader's language; English replaces what is missing.

export const LANGUAGES = {
  en: "English",
  es: "Español",
  fr: "Français",
  sw: "Kiswahili",
  pt: "Português",
};
const KEPT = "radistill-language";

let language = "en";
let english = {};
let messages = {};
let plurals = new Intl.PluralRules("en");
const missing = new Set();

/** The language chosen before, else the first of the browser's that there is, else English. */
export function preferred() {
  let kept = null;
  try {
    kept = localStorage.getItem(KEPT);
  } catch {
    // Storage may be forbidden.
  }
  if (kept && kept in LANGUAGES) return kept;
  const wanted = (navigator.languages ?? []).map((tag) => tag.toLowerCase().split("-")[0]);
  return wanted.find((tag) => tag in LANGUAGES) ?? "en";
}

/** The browser's first language if the page does not speak any of the browser's; else null. */
export function unspoken() {
  const wanted = navigator.languages ?? [];
  const spoken = wanted.some((tag) => tag.toLowerCase().split("-")[0] in LANGUAGES);
  return spoken || !wanted.length ? null : wanted[0];
}

/** Switch to `wanted`; false if its messages could not be loaded and English is shown. */
export async function speak(wanted, { keep = false } = {}) {
  if (!Object.keys(english).length) english = (await load("en")) ?? {};
  const loaded = wanted === "en" ? english : await load(wanted);
  language = loaded ? wanted : "en";
  messages = loaded ?? english;
  plurals = new Intl.PluralRules(language);
  missing.clear();
  if (keep) {
    try {
      localStorage.setItem(KEPT, wanted);
    } catch {
      // It is asked again next time.
    }
  }
  document.documentElement.lang = language;
  apply(document);
  return loaded !== null;
}

async function load(name) {
  try {
    const answer = await fetch(`locales/${name}.json`);
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

export const current = () => language;
export const someMissing = () => missing.size > 0;
export const has = (key) => key in messages || key in english;

/** The message `key`, {names} filled in from `values`; of plurals, the form for `values.n`. */
export function t(key, values = {}) {
  let message = messages[key];
  if (message === undefined) {
    missing.add(key);
    message = english[key] ?? key;
  }
  if (typeof message === "object") message = message[plurals.select(values.n)] ?? message.other;
  return message.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? number(value) : value;
  });
}

export function number(value, digits = 0) {
  return new Intl.NumberFormat(language, {
    maximumFractionDigits: digits,
    minimumFractionDigits: digits,
  }).format(value);
}

export function percent(value, digits = 0) {
  return new Intl.NumberFormat(language, {
    style: "percent",
    maximumFractionDigits: digits,
    minimumFractionDigits: digits,
  }).format(value);
}

export function bytes(value) {
  const megabytes = value / 2 ** 20;
  return new Intl.NumberFormat(language, {
    style: "unit",
    unit: "megabyte",
    maximumFractionDigits: megabytes < 10 ? 1 : 0,
  }).format(megabytes);
}

export const compare = (a, b) => a.localeCompare(b, language, { numeric: true });

/** Fill what the HTML itself says: data-t for text, data-t-label for aria-label. */
export function apply(root) {
  for (const element of root.querySelectorAll("[data-t]")) {
    element.textContent = t(element.dataset.t);
  }
  for (const element of root.querySelectorAll("[data-t-label]")) {
    element.setAttribute("aria-label", t(element.dataset.tLabel));
  }
}
