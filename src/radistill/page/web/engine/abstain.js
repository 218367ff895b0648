// When the model should not answer: radistill.runtime.abstain and population.

import { rint } from "./depth.js";
import { postures, score, thumbnail } from "./statistics.js";

const NEARLY_EMPTY = 10; // grey levels between the 5th and 95th percentile
const BLANK_SHARE = 0.3; // of rows or columns from an edge inward
const BLANK_LEVELS = 6;
const KINDS = [
  ["body_part", "body_parts"],
  ["view", "views"],
  ["modality", "modalities"],
];

/**
 * Codes of the reasons, none if the model may answer.
 * sight: { square: Uint8 (side, side), width, height, embedding, probability }.
 */
export function reasonsToAbstain(card, known, sight, tags, { threshold, band, anyPopulation }) {
  const reasons = seenOnTheFilm(card, known, sight);
  if (!anyPopulation) reasons.push(...outside(card.population, tags));
  if (Math.abs(sight.probability - threshold) < band) reasons.push("near-threshold");
  return reasons;
}

function seenOnTheFilm(card, known, sight) {
  const side = card.input_size;
  const reasons = [];
  if (Math.min(sight.width, sight.height) < Math.floor(side / 2)) reasons.push("too-small");
  if (spread(sight.square) < NEARLY_EMPTY) return [...reasons, "nearly-empty"];
  if (blankShare(sight.square, side) > BLANK_SHARE) reasons.push("cut-off");
  if (known) {
    reasons.push(...unlike(known, sight, side).filter((name) => !reasons.includes(name)));
  }
  return reasons;
}

function unlike(known, sight, side) {
  const reasons = [];
  const small = thumbnail(sight.square, side);
  const shares = postures(known.posture, small);
  if (shares[0] < known.posture_limit) {
    const others = shares.slice(1);
    reasons.push(known.posture.names[1 + others.indexOf(Math.max(...others))]);
  }
  if (score(known.layout, small) > known.layout_limit) reasons.push("unusual-layout");
  if (score(known.detector, Float64Array.from(sight.embedding)) > known.detector_limit) {
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
  for (const [tag, field] of KINDS) {
    const value = tags[tag];
    const known = population[field] ?? [];
    if (value && known.length && !known.includes(value.trim().toUpperCase())) {
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
