// PNG's filters and interlacing (ISO 15948, clauses 8 and 9): inflated bytes to samples.

const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];

/** The parts that rows come in: { x, y, dx, dy, width, height }. */
export function passesOf({ width, height, interlaced }) {
  return (interlaced ? ADAM7 : [[0, 0, 1, 1]]).map(([x, y, dx, dy]) => ({
    x, y, dx, dy,
    width: Math.max(0, Math.ceil((width - x) / dx)),
    height: Math.max(0, Math.ceil((height - y) / dy)),
  }));
}

/** Samples of the picture, interleaved: Uint8Array, or Uint16Array of 16 bits. */
export function unfiltered(data, header) {
  const { width, height, depth, samples } = header;
  const out = new (depth === 16 ? Uint16Array : Uint8Array)(width * height * samples);
  let at = 0;
  for (const pass of header.passes) {
    if (!pass.width || !pass.height) continue;
    const length = Math.ceil((pass.width * depth * samples) / 8);
    const back = Math.max(1, (depth * samples) >> 3);
    let above = new Uint8Array(length);
    for (let y = 0; y < pass.height; y++, at += 1 + length) {
      const row = data.subarray(at + 1, at + 1 + length);
      undo(data[at], row, above, back);
      spreadRow(row, out, header, pass, y);
      above = row;
    }
  }
  return out;
}

function undo(filter, row, above, back) {
  if (filter === 1) for (let i = back; i < row.length; i++) row[i] += row[i - back];
  else if (filter === 2) for (let i = 0; i < row.length; i++) row[i] += above[i];
  else if (filter === 3) {
    for (let i = 0; i < row.length; i++) {
      row[i] += ((i >= back ? row[i - back] : 0) + above[i]) >> 1;
    }
  } else if (filter === 4) {
    for (let i = 0; i < row.length; i++) {
      row[i] += i >= back ? paeth(row[i - back], above[i], above[i - back]) : above[i];
    }
  }
}

function paeth(left, up, corner) {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}

function spreadRow(row, out, { width, depth, samples }, { x, y, dx, dy, width: count }, line) {
  const start = ((y + line * dy) * width + x) * samples;
  if (depth === 8 && dx === 1) {
    out.set(row.subarray(0, count * samples), start);
    return;
  }
  const mask = (1 << depth) - 1;
  for (let i = 0; i < count; i++) {
    for (let s = 0; s < samples; s++) {
      const n = i * samples + s;
      const target = start + i * dx * samples + s;
      if (depth === 16) out[target] = (row[2 * n] << 8) | row[2 * n + 1];
      else if (depth === 8) out[target] = row[n];
      else out[target] = (row[(n * depth) >> 3] >> (8 - depth - ((n * depth) & 7))) & mask;
    }
  }
}
