// A worker that is replaced when it hangs or dies; one film at a time.

const START_SECONDS = 120; // a phone may take long to fetch and compile the runtime
const FILM_SECONDS = 60;

export class EngineError extends Error {
  /** code: "engine" (it does not start) or "no-simd" (the browser is too old). */
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

export class Thread {
  /** settings: sent to each new worker. seconds: for one film, before it counts as hung. */
  constructor(settings, seconds = FILM_SECONDS) {
    this.settings = settings;
    this.seconds = seconds;
    this.worker = null;
    this.turn = Promise.resolve(); // ends when the films asked for so far are done
    this.count = 0;
  }

  /** The worker's bundle, once it can predict. Rejects with an EngineError. */
  async start() {
    const worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
    const answer = await reply(worker, { open: this.settings }, START_SECONDS);
    if (!answer.ready) {
      worker.terminate();
      const late = `was not ready after ${START_SECONDS} s`;
      throw new EngineError("engine", answer.failed ?? answer.died ?? late);
    }
    this.worker = worker;
    return answer.ready;
  }

  /** A film's record, in turn. Rejects with an EngineError, or at once with the signal's reason. */
  predict(file, options, signal) {
    const done = this.turn.then(() => this.#predict(file, options, signal));
    this.turn = done.catch(() => {}); // a film that nobody waits for is finished all the same
    return signal ? Promise.race([done, aborted(signal)]) : done;
  }

  async #predict(file, options, signal) {
    signal?.throwIfAborted();
    if (!this.worker) await this.start();
    const id = ++this.count;
    const answer = await reply(this.worker, { id, file, options }, this.seconds);
    if (answer.record) return answer.record;
    this.close(); // whatever is left of it is not to be trusted
    const [code, message] = answer.late
      ? ["timeout", `took more than ${this.seconds} s; leave it out`]
      : ["crashed", `ended the engine (${answer.broken ?? answer.died}); leave it out`];
    return { path: file.name, error: { code, message } };
  }

  close() {
    this.worker?.terminate();
    this.worker = null;
  }
}

function aborted(signal) {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/** Its next message; { died } or { late } if none comes. */
function reply(worker, message, seconds) {
  return new Promise((resolve) => {
    const stop = new AbortController();
    const end = (answer) => {
      clearTimeout(timer);
      stop.abort();
      resolve(answer);
    };
    const timer = setTimeout(() => end({ late: true }), 1000 * seconds);
    const on = (name, handle) => worker.addEventListener(name, handle, { signal: stop.signal });
    on("message", ({ data }) => end(data));
    on("messageerror", () => end({ died: "its answer could not be read" }));
    on("error", (event) => end({ died: event.message || "it could not be loaded" }));
    worker.postMessage(message);
  });
}
