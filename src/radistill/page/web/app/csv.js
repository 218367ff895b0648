// The worklist as CSV, with the columns of `radistill predict --format csv`. Pure.

import { decide } from "../engine/decide.js";

const COLUMNS = [
  "path", "sha256", "label", "probability", "threshold", "decision", "reasons", "heatmap",
  "model", "model_version", "model_sha256", "ms", "error_code", "error_message",
];

/** Rows for the films that are done, under the present setting. */
export function csv(card, films, setting) {
  const rows = films.filter((film) => film.state === "done").map((film) => {
    const { record, name } = film;
    if (record.error) {
      return [name, ...Array(COLUMNS.length - 3).fill(""), record.error.code, record.error.message];
    }
    const { label, threshold, decision, reasons } = decide(card, record, setting);
    return [
      name, record.sha256, label ?? `not ${card.positive}`, record.probability, threshold,
      decision, reasons.join(";"), "",
      record.model.name, record.model.version, record.model.sha256, record.ms, "", "",
    ];
  });
  return [COLUMNS, ...rows].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

/** A file called =HYPERLINK(...) must not run in a spreadsheet: a quote before it makes it text. */
export function cell(value) {
  let text = String(value ?? "");
  if (typeof value !== "number" && /^[=+\-@\t\r\n]/.test(text)) text = `'${text}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
