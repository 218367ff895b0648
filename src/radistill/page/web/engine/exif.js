// The orientation a camera or scanner noted, and pixels turned upright by it.

const TAG = 0x0112;

const PREFIX = [0x45, 0x78, 0x69, 0x66, 0, 0]; // "Exif", as in JPEG; some writers of WebP keep it

/** 1 to 8 from a TIFF structure (EXIF) in bytes; 1 if there is none or it is damaged. */
export function orientation(bytes) {
  if (PREFIX.every((byte, i) => bytes[i] === byte)) bytes = bytes.subarray(PREFIX.length);
  try {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const little = view.getUint16(0) === 0x4949;
    if (view.getUint16(2, little) !== 42) return 1;
    const at = view.getUint32(4, little);
    const count = view.getUint16(at, little);
    for (let i = 0; i < count; i++) {
      const entry = at + 2 + 12 * i;
      if (view.getUint16(entry, little) !== TAG) continue;
      const value = view.getUint16(entry + 8, little);
      return value >= 1 && value <= 8 ? value : 1;
    }
  } catch {
    // Damaged EXIF counts as none.
  }
  return 1;
}

/** Of XMP, which counts where EXIF has none: Pillow and others go by it too. */
export function orientationOfXmp(bytes) {
  const match = /tiff:Orientation(="|>)([1-8])/.exec(new TextDecoder("latin1").decode(bytes));
  return match ? Number(match[2]) : 1;
}

/** { grey, width, height } turned as EXIF orientation `how` asks. */
export function upright({ grey, width, height, ...rest }, how) {
  if (how === 1) return { grey, width, height, ...rest };
  const turned = how >= 5;
  const [w, h] = turned ? [height, width] : [width, height];
  const out = new grey.constructor(grey.length);
  const [right, bottom] = [width - 1, height - 1];
  const source = {
    2: (x, y) => y * width + right - x,
    3: (x, y) => (bottom - y) * width + right - x,
    4: (x, y) => (bottom - y) * width + x,
    5: (x, y) => x * width + y,
    6: (x, y) => (bottom - x) * width + y,
    7: (x, y) => (bottom - x) * width + right - y,
    8: (x, y) => x * width + right - y,
  }[how];
  for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) out[y * w + x] = grey[source(x, y)];
  return { grey: out, width: w, height: h, ...rest };
}
