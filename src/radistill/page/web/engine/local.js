// The engine that runs on this device: no byte of a film leaves it.

import { EngineError, Thread } from "./thread.js";

export { EngineError };

// The shortest module with a vector instruction (i8x16.splat).
const SIMD = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0],
  ...[10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11],
);

/** An engine as app/ expects it: bundle(), predict(), close(). Rejects with an EngineError. */
export async function open(config) {
  if (!globalThis.WebAssembly?.validate(SIMD)) {
    const reason = "This browser has no WebAssembly SIMD, which the model needs. Update it.";
    throw new EngineError("no-simd", reason);
  }
  keepForLater();
  const { max_bytes, threads, seconds } = config;
  const thread = new Thread({ max_bytes, threads }, seconds);
  const card = await thread.start();
  return {
    bundle: () => card,
    /** A record as `radistill predict` has it, with `heatmap` and `preview` (an ImageBitmap). */
    predict: (file, options = {}, signal = undefined) => thread.predict(file, options, signal),
    close: () => thread.close(),
  };
}

/** The service worker keeps the page's files, so that it opens without a network. */
function keepForLater() {
  // Only where the connection is secure, or this machine itself; a page without it works as well.
  navigator.serviceWorker?.register(new URL("../sw.js", import.meta.url)).catch(() => {});
}
