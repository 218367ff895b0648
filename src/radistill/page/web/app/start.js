// Opening the engine, and saying plainly why it does not open.

import { byId, h } from "./dom.js";
import { store } from "./store.js";
import { has, t } from "./i18n.js";
import { askToken } from "./ask.js";

const KEPT = "radistill-token"; // for as long as the tab is open, no longer

/** An engine, once there is one; on a failure the page says so and waits for the reader. */
export async function open() {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      await failed(error);
    }
  }
}

async function attempt() {
  const answer = await fetch("./config.json", { cache: "no-cache" });
  if (!answer.ok) throw new Error(`config.json: HTTP ${answer.status}`);
  store.config = await answer.json();
  const { engine, token_required } = store.config;
  const { open: start } = await import(engine === "browser" ? "../engine/local.js" : "../engine/server.js");
  let token = kept();
  let asks = token_required;
  let wrong = false;
  for (;;) {
    while (asks && !token) token = await askToken({ wrong });
    try {
      const started = await start(store.config, { token });
      keep(token);
      return started;
    } catch (error) {
      if (error.code !== "token") throw error;
      wrong = Boolean(token);
      token = null;
      asks = true;
    }
  }
}

function kept() {
  try {
    return sessionStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

function keep(token) {
  try {
    if (token) sessionStorage.setItem(KEPT, token);
    else sessionStorage.removeItem(KEPT);
  } catch {
    // Asked again when the page is loaded again.
  }
}

/**
 * Shown until the reader tries again.
 * @param {Error & { code?: string }} error code: one of the messages failed.*, or none
 * @returns {Promise<void>}
 */
export function failed(error) {
  const key = has(`failed.${error.code}`) ? `failed.${error.code}` : "failed.other";
  const place = byId("failed");
  document.body.dataset.state = "failed";
  return new Promise((resolve) => {
    const again = h("button.button.primary", { type: "button" }, t("failed.again"));
    again.addEventListener("click", () => {
      place.hidden = true;
      document.body.dataset.state = store.films.length ? "films" : "loading";
      resolve();
    });
    place.replaceChildren(
      h("h2", {}, t(key)),
      h("p", {}, t(`${key}.text`)),
      h("p.small.quieter", { lang: "en" }, String(error.message ?? error)),
      again,
    );
    place.hidden = false;
  });
}
