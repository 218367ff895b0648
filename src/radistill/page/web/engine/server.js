// The engine that runs in the clinic's server: each film goes there, nothing else does.

const PATIENCE = 20; // times that a full queue is asked again
const LONGEST_WAIT = 15; // seconds

export class EngineError extends Error {
  /** code: "token", "offline" or "server". */
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/** An engine as app/ expects it: bundle(), predict(file, options, signal), close(). */
export async function open(config, { token }) {
  const answer = await ask("./v1/bundle", { token });
  if (!answer.ok) throw new EngineError("server", (await problem(answer)).message);
  const card = await answer.json();
  return {
    bundle: () => card,
    predict: (file, options, signal) => predict(file, options, signal, token),
    close() {},
  };
}

/** One film's record; `heatmap.values` as bytes, `preview` as a Blob, or what was wrong. */
async function predict(file, { heatmap = true } = {}, signal, token) {
  const answer = await patiently(file, heatmap, signal, token);
  if (!answer.ok) return { path: file.name, error: await problem(answer) };
  const [record] = (await answer.json()).predictions;
  if (record.heatmap) record.heatmap.values = decoded(record.heatmap.values);
  record.preview = record.preview ? new Blob([decoded(record.preview)]) : null;
  return record;
}

async function patiently(file, heatmap, signal, token) {
  for (let tries = 0; ; tries++) {
    const body = new FormData();
    body.append("files", file, file.name || "film");
    const url = `./v1/predictions?heatmap=${heatmap}`;
    const answer = await ask(url, { token, method: "POST", body, signal });
    if (answer.status !== 503 || tries >= PATIENCE) return answer;
    await pause(Math.min(LONGEST_WAIT, Number(answer.headers.get("Retry-After")) || 1), signal);
  }
}

async function ask(url, { token, ...options }) {
  const headers = new Headers(token ? { Authorization: `Bearer ${token}` } : {});
  let answer;
  try {
    answer = await fetch(url, { ...options, headers, cache: "no-store" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new EngineError("offline", String(error.message));
  }
  if (answer.status === 401) throw new EngineError("token", (await problem(answer)).message);
  return answer;
}

/** { code, message } of an answer that is none. */
async function problem(answer) {
  try {
    const { error } = await answer.json();
    return { code: error.code, message: error.message };
  } catch {
    return { code: "server", message: `HTTP ${answer.status}` };
  }
}

const decoded = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

/** Wait, a little unevenly so that many pages do not come back at once. */
function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, 1000 * seconds * (0.75 + Math.random() / 2));
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
