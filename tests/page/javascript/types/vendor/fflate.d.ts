export class Inflate {
  constructor(ondata: (data: Uint8Array, final: boolean) => void);
  push(data: Uint8Array, final?: boolean): void;
}
export function gunzipSync(data: Uint8Array): Uint8Array;
