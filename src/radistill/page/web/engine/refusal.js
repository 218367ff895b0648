// Why a file was refused: the codes of docs/intake.md, and a sentence for people.

export class Refusal extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

const MIB = 2 ** 20;

/** What a file may ask for, checked before pixels are allocated. */
export class Limits {
  constructor({ maxBytes = 512 * MIB, maxPixels = 64_000_000 } = {}) {
    this.maxBytes = maxBytes;
    this.maxPixels = maxPixels;
  }

  checkBytes(count) {
    if (count > this.maxBytes) {
      const size = Number((this.maxBytes / MIB).toPrecision(4));
      throw new Refusal("too-large", `more than ${size} MiB; not a radiograph`);
    }
  }

  checkPixels(width, height) {
    if (width * height > this.maxPixels) {
      const limit = Number((this.maxPixels / 1e6).toPrecision(4));
      const asked = `${width} x ${height} pixels`;
      throw new Refusal("too-large", `${asked}; the limit is ${limit} million`);
    }
  }
}

export const truncated = (name) =>
  new Refusal("truncated", `the ${name} file stops before its end; copy it again from its source`);

export const damaged = (name, what) => new Refusal("unreadable", `damaged ${name} file (${what})`);

export const manyFrames = () =>
  new Refusal("multi-frame", "holds more than 1 image; save the film on its own");

/** A whole file of a kind that is not read, which must not be called damaged. */
export function unread(what) {
  const way = "convert it to PNG, for example with imagecodecs (docs/intake.md)";
  return new Refusal("unsupported", `${what}, which is not read; ${way}`);
}
