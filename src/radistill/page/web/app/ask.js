// Questions to the reader: yes or no, and the server's token.

import { byId, h } from "./dom.js";
import { t } from "./i18n.js";

/** True if the reader says yes; Escape is no. */
export async function confirm({ title, text, yes }) {
  const dialog = byId("ask");
  dialog.replaceChildren(
    h("h2", { id: "ask-title" }, title),
    h("p", {}, text),
    h(
      "form.box-buttons", { method: "dialog" },
      h("button.button.primary", { value: "yes" }, yes),
      h("button.button", { value: "no", autofocus: true }, t("cancel")),
    ),
  );
  return (await answered(dialog)) === "yes";
}

/** The token, or null if the reader gives none. wrong: whether the last one was refused. */
export async function askToken({ wrong }) {
  const dialog = byId("ask");
  const field = h("input", {
    type: "password", id: "token", autocomplete: "off", autofocus: true, required: true,
    spellcheck: "false", "aria-describedby": "token-text",
  });
  dialog.replaceChildren(
    h("h2", { id: "ask-title" }, t("token.title")),
    h("p", { id: "token-text" }, t("token.text")),
    wrong ? h("p.problem", { role: "alert" }, t("token.wrong")) : "",
    h(
      "form", { method: "dialog" },
      h("label.field", {}, h("span", {}, t("token.label")), field),
      h("div.box-buttons", {}, h("button.button.primary", { value: "yes" }, t("token.yes"))),
    ),
  );
  return (await answered(dialog)) === "yes" ? field.value.trim() : null;
}

function answered(dialog) {
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true });
  });
}
