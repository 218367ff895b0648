// Light, dark, or as the system has it.

import { byId } from "./dom.js";
import { on } from "./store.js";
import { t } from "./i18n.js";

const CHOICES = ["system", "light", "dark"];

export function appearanceButton() {
  const translate = () => (byId("theme-text").textContent = t(`theme.${chosen()}`));
  byId("theme").addEventListener("click", () => {
    const next = CHOICES[(CHOICES.indexOf(chosen()) + 1) % CHOICES.length];
    if (next === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = next;
    try {
      if (next === "system") localStorage.removeItem("radistill-theme");
      else localStorage.setItem("radistill-theme", next);
    } catch {
      // It lasts until the page is loaded again.
    }
    translate();
  });
  on("language", translate);
  translate();
}

const chosen = () => document.documentElement.dataset.theme ?? "system";
