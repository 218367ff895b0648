// Actions on all films: save them as CSV, remove them.

import { byId } from "./dom.js";
import { store } from "./store.js";
import { t } from "./i18n.js";
import { csv } from "./csv.js";
import { clear } from "./queue.js";
import { confirm } from "./ask.js";

export function saveCsv() {
  const text = csv(store.card, store.films, store.setting);
  // The mark lets spreadsheets read UTF-8.
  const url = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `radistill-${new Date().toISOString().slice(0, 10)}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

export async function confirmClear() {
  const n = store.films.length;
  if (await confirm({ title: t("clear.title", { n }), text: t("clear.text"), yes: t("clear.yes") })) {
    clear();
    byId("choose").focus();
  }
}
