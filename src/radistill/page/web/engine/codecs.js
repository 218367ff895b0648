// Decoders in WebAssembly, loaded when the first film needs one.

import { bytesOf } from "./assets.js";

const CODECS = {
  jpeg: { load: () => import("../vendor/jpeg.js"), decoder: "JPEGDecoder" },
  charls: { load: () => import("../vendor/charls.js"), decoder: "JpegLSDecoder" },
  openjpeg: { load: () => import("../vendor/openjpeg.js"), decoder: "J2KDecoder" },
};
/** A file of the page could not be loaded: nothing is wrong with the film. */
export class LoadError extends Error {}

const opened = new Map(); // name -> promise of the module

async function open(name) {
  const [glue, wasmBinary] = await Promise.all([
    CODECS[name].load(),
    bytesOf(`vendor/${name}.wasm.gz`),
  ]);
  const quiet = () => {}; // what a decoder prints may quote the file
  return glue.default({ wasmBinary, print: quiet, printErr: quiet });
}

async function ready(name) {
  if (!opened.has(name)) opened.set(name, open(name));
  try {
    return await opened.get(name);
  } catch (error) {
    opened.delete(name);
    throw new LoadError(`the decoder ${name} could not be loaded (${error.message})`);
  }
}

/**
 * A stream to { width, height, components, bits, signed, data } with `data` a copy of the decoded
 * bytes. Rejects with whatever the decoder throws; it is then loaded afresh for the next film.
 */
export async function decodeWith(name, stream) {
  const codec = await ready(name);
  try {
    const decoder = new codec[CODECS[name].decoder]();
    try {
      decoder.getEncodedBuffer(stream.length).set(stream);
      decoder.decode();
      const { width, height, componentCount, bitsPerSample, isSigned } = decoder.getFrameInfo();
      const data = decoder.getDecodedBuffer().slice();
      const info = { width, height, components: componentCount, bits: bitsPerSample };
      return { ...info, signed: Boolean(isSigned), data };
    } finally {
      decoder.delete();
    }
  } catch (error) {
    opened.delete(name);
    throw error;
  }
}
