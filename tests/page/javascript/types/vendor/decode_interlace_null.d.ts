export function decodeInterlaceNull(image: {
  data: Uint8Array;
  width: number;
  height: number;
  channels: number;
  depth: number;
}): Uint8Array | Uint16Array;
