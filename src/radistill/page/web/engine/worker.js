// The thread that decodes and predicts, so that the page never waits: messages in, records out.
//
// in:  { open: { max_bytes, threads } }, then { id, file, options }
// out: { ready: bundle } or { failed: message }, then { id, record } or { id, broken: message }

import { jsonOf } from "./assets.js";
import { predictFilm } from "./film.js";
import { openModel } from "./model.js";
import { Limits, Refusal } from "./refusal.js";
import { openStatistics } from "./statistics.js";

const scope = /** @type {WorkerScope} */ (/** @type {unknown} */ (self));
let predictor = null;

async function open({ max_bytes: maxBytes, threads }) {
  const files = ["bundle.json", "statistics.json"];
  const [bundle, packed] = await Promise.all(files.map(jsonOf));
  const model = await openModel(bundle, threads);
  const statistics = openStatistics(packed);
  predictor = { bundle, statistics, model, limits: new Limits({ maxBytes }) };
  return bundle;
}

async function predict({ id, file, options }) {
  try {
    const record = await predictFilm(predictor, file, options);
    const moved = [record.heatmap?.values.buffer, record.preview].filter((part) => part != null);
    scope.postMessage({ id, record }, moved);
  } catch (error) {
    if (error instanceof Refusal) {
      const { code, message } = error;
      scope.postMessage({ id, record: { path: file.name, error: { code, message } } });
    } else if (error.name === "NotReadableError" || error.name === "NotFoundError") {
      // The browser took a note of the file when it was chosen; since then it was changed or moved.
      const problem = { code: "changed", message: "was changed or moved since it was chosen" };
      scope.postMessage({ id, record: { path: file.name, error: problem } });
    } else {
      scope.postMessage({ id, broken: String(error?.message ?? error) });
    }
  }
}

scope.onmessage = async ({ data }) => {
  if (!data.open) {
    await predict(data);
    return;
  }
  try {
    scope.postMessage({ ready: await open(data.open) });
  } catch (error) {
    scope.postMessage({ failed: String(error?.message ?? error) });
  }
};
