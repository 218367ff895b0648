// When the model should not answer: radistill.runtime.decision and runtime.ood.

import { rint } from "./depth.js";
import { orientations, score, thumbnail } from "./statistics.js";

const NEARLY_EMPTY = 10; // grey levels between the 5th and 95th percentile
const BLANK_SHARE = 0.3; // of rows or columns from an edge inward
const BLANK_LEVELS = 6;
const KINDS = [
  ["body_part", "body_parts"],
  ["view", "views"],
  ["modality", "modalities"],
];

/**
 * Codes of the reasons that do not depend on the reader's setting, none if the model may answer.
 * film: { square: Uint8 (side, side), width, height, embedding }. statistics: see statistics.js.
 */
export function reasonsToAbstain(card, statistics, film, tags) {
  return [...inThePicture(card, statistics, film), ...outside(card.population, tags)];
}

function inThePicture(card, statistics, film) {
  const side = card.input_size;
  const reasons = [];
  if (Math.min(film.width, film.height) < Math.floor(side / 2)) reasons.push("too-small");
  if (spread(film.square) < NEARLY_EMPTY) return [...reasons, "nearly-empty"];
  if (blankShare(film.square, side) > BLANK_SHARE) reasons.push("cut-off");
  if (statistics) {
    reasons.push(...unlike(statistics, film, side).filter((name) => !reasons.includes(name)));
  }
  return reasons;
}

function unlike(statistics, film, side) {
  const reasons = [];
  const small = thumbnail(film.square, side);
  const shares = orientations(statistics.posture, small);
  if (shares[0] < statistics.posture_limit) {
    const others = shares.slice(1);
    reasons.push(statistics.posture.names[1 + others.indexOf(Math.max(...others))]);
  }
  if (score(statistics.layout, small) > statistics.layout_limit) reasons.push("unusual-layout");
  const embedding = Float64Array.from(film.embedding);
  if (score(statistics.detector, embedding) > statistics.detector_limit) {
    reasons.push("out-of-distribution");
  }
  return reasons;
}

function outside(population, tags) {
  const reasons = [];
  const age = tags.age_years ?? null;
  const limits = population.age_years;
  if (age !== null && limits && !(limits[0] <= age && age <= limits[1])) {
    reasons.push("population-age");
  }
  if (limits && tags.age_unreadable) reasons.push("population-age-unreadable");
  for (const [tag, field] of KINDS) {
    const value = tags[tag];
    const allowed = population[field] ?? [];
    if (value && allowed.length && !allowed.includes(value.trim().toUpperCase())) {
      reasons.push(`population-${tag.replace("_", "-")}`);
    }
  }
  return reasons;
}

/** Grey levels between the 5th and the 95th percentile. */
function spread(line) {
  const ordered = Uint8Array.from(line).sort();
  const last = ordered.length - 1;
  return ordered[rint(0.95 * last)] - ordered[rint(0.05 * last)];
}

/** The greater share of rows, or of columns, that are blank from the edges inward. */
function blankShare(square, side) {
  const turned = new Uint8Array(square.length);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) turned[x * side + y] = square[y * side + x];
  }
  return Math.max(blankLines(square, side), blankLines(turned, side));
}

function blankLines(square, side) {
  let first = -1;
  let last = -1;
  for (let y = 0; y < side; y++) {
    if (spread(square.subarray(y * side, (y + 1) * side)) < BLANK_LEVELS) continue;
    if (first < 0) first = y;
    last = y;
  }
  return first < 0 ? 1 : 1 - (last - first + 1) / side;
}
