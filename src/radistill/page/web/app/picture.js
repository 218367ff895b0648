// Files -> grey pixels and thumbnails, never larger than a screen can use.

const LONGEST = 2048; // pixels; a large detector's 30 million would take 120 MB
const THUMB = 96;

/** Grey pixels, as the model takes them: { width, height, grey: Uint8Array }; null if not drawable. */
export async function greyPixels(source) {
  const canvas = await drawn(source, LONGEST);
  if (!canvas) return null;
  const { width, height } = canvas;
  const { data } = context(canvas).getImageData(0, 0, width, height);
  const grey = new Uint8Array(width * height);
  for (let i = 0, j = 0; i < grey.length; i++, j += 4) {
    grey[i] = (data[j] * 19595 + data[j + 1] * 38470 + data[j + 2] * 7471 + 32768) >> 16;
  }
  canvas.width = canvas.height = 0;
  return { width, height, grey };
}

/** A small canvas; null if the browser cannot draw it. */
export async function thumbnail(source) {
  return drawn(source, THUMB);
}

async function drawn(source, longest) {
  let bitmap;
  try {
    bitmap = source instanceof ImageBitmap ? source : await createImageBitmap(source);
  } catch {
    return null; // DICOM, TIFF or a broken file: the engine's preview is shown, or nothing
  }
  const scale = Math.min(1, longest / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const pen = context(canvas);
  pen.imageSmoothingQuality = "high";
  pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  if (bitmap !== source) bitmap.close();
  return canvas;
}

const context = (canvas) => canvas.getContext("2d", { willReadFrequently: true });
