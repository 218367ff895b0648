// The page's own files: fetched once, inflated where they are packed.

/** A path beside engine/, wherever the page lies. */
export const place = (path) => new URL(`../${path}`, import.meta.url).href;

export async function bytesOf(path) {
  const answer = await fetch(place(path));
  if (!answer.ok) throw new Error(`${path}: HTTP ${answer.status}`);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  // Some servers unpack what ends in .gz on the way: go by the content.
  const packed = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return packed ? inflated(bytes) : bytes;
}

export async function jsonOf(path) {
  return JSON.parse(new TextDecoder().decode(await bytesOf(path)));
}

async function inflated(bytes) {
  if (!globalThis.DecompressionStream) {
    const { gunzipSync } = await import("../vendor/fflate.js");
    return gunzipSync(bytes);
  }
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
