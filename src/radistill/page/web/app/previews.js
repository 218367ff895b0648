// Pictures of files that browsers cannot draw: the last few are kept, 200 DICOMs would fill a phone.

const KEPT = 6;
const previews = new Map(); // film -> Blob or ImageBitmap, the oldest first

export function keepPreview(film, preview) {
  dropPreview(film);
  if (!preview) return;
  previews.set(film, preview);
  for (const old of previews.keys()) {
    if (previews.size <= KEPT) break;
    dropPreview(old);
  }
}

export function previewOf(film) {
  const preview = previews.get(film);
  if (preview) {
    previews.delete(film);
    previews.set(film, preview);
  }
  return preview ?? null;
}

export function dropPreview(film) {
  previews.get(film)?.close?.();
  previews.delete(film);
}
