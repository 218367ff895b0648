// What the three codecs compiled by Emscripten have in common.
export interface Decoder {
  getEncodedBuffer(length: number): Uint8Array;
  decode(): void;
  getFrameInfo(): {
    width: number;
    height: number;
    componentCount: number;
    bitsPerSample: number;
    isSigned: boolean | number;
  };
  getDecodedBuffer(): Uint8Array;
  delete(): void;
}
export type Codec = Record<string, new () => Decoder>;
export default function load(options: {
  wasmBinary: Uint8Array;
  print(text: string): void;
  printErr(text: string): void;
}): Promise<Codec>;
