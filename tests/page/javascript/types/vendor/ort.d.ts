export interface Session {
  run(inputs: { image: Tensor }): Promise<Record<string, { data: Float32Array }>>;
}
export class Tensor {
  constructor(type: "float32", data: Float32Array, dims: number[]);
}
export const InferenceSession: {
  create(model: Uint8Array, options: { executionProviders: string[] }): Promise<Session>;
};
export const env: {
  logLevel: string;
  wasm: { wasmBinary: ArrayBufferLike; numThreads: number };
};
