// The network: ONNX Runtime in WebAssembly, with threads where the page is isolated.

import { bytesOf } from "./assets.js";
import { sha256 } from "./sha256.js";

const MOST_THREADS = 4; // a small network gains nothing from more

/**
 * Opens the bundle's model; rejects if it is not the one that the card names.
 * most: threads, where the page is isolated.
 */
export async function openModel(bundle, most) {
  const [ort, wasm, model] = await Promise.all([
    import("../vendor/ort.js"),
    bytesOf("vendor/ort.wasm.gz"),
    bytesOf(`model/${bundle.file}.gz`),
  ]);
  if ((await sha256(model)) !== bundle.sha256) {
    throw new Error(`${bundle.file}: damaged or changed; its sha256 is not the one in the card`);
  }
  ort.env.wasm.wasmBinary = wasm.buffer;
  ort.env.wasm.numThreads = threads(most);
  ort.env.logLevel = "error";
  const session = await ort.InferenceSession.create(model, { executionProviders: ["wasm"] });
  return { run: (square) => run(ort, session, square, bundle.input_size) };
}

/** Half of the cores: threads that wait for one another must not wait for the page as well. */
function threads(most = (navigator.hardwareConcurrency || 1) >> 1) {
  return globalThis.crossOriginIsolated ? Math.max(1, Math.min(MOST_THREADS, most)) : 1;
}

async function run(ort, session, square, side) {
  const image = Float32Array.from(square, (value) => value / 255);
  const tensor = new ort.Tensor("float32", image, [1, 1, side, side]);
  const { probability, cam, embedding } = await session.run({ image: tensor });
  return { probability: probability.data, cam: cam.data, embedding: embedding.data };
}
