// The choice of language, and a note where English replaces it.

import { byId, h } from "./dom.js";
import { LANGUAGES, current, someMissing, speak, t, unspoken } from "./i18n.js";
import { notify } from "./store.js";

export async function chooseLanguage(wanted) {
  const select = byId("language");
  select.replaceChildren(
    ...Object.entries(LANGUAGES).map(([value, name]) => h("option", { value, lang: value }, name)),
  );
  select.addEventListener("change", async () => {
    await use(select.value, { keep: true });
  });
  await use(wanted);
}

async function use(wanted, options) {
  const loaded = await speak(wanted, options);
  byId("language").value = current();
  notify("language");
  note(loaded ? null : wanted);
}

/** notFound: a language whose messages could not be loaded. */
function note(notFound) {
  const place = byId("fallback");
  const absent = notFound ?? (current() === "en" ? unspoken() : null);
  if (absent) place.textContent = t("fallback.language", { language: inEnglish(absent) });
  else if (someMissing()) place.textContent = t("fallback.messages", { language: LANGUAGES[current()] });
  place.hidden = !absent && !someMissing();
}

function inEnglish(tag) {
  try {
    return new Intl.DisplayNames("en", { type: "language" }).of(tag);
  } catch {
    return tag;
  }
}
