// Decisions, abstention and the worklist's figures: identities and literals.

import assert from "node:assert/strict";
import { test } from "node:test";

import { cell, csv } from "../../../src/radistill/page/web/app/csv.js";
import { measured, neighbours, onTest, points } from "../../../src/radistill/page/web/app/measured.js";
import { outcome } from "../../../src/radistill/page/web/app/outcome.js";
import { reasonsToAbstain } from "../../../src/radistill/page/web/engine/abstain.js";
import { decide } from "../../../src/radistill/page/web/engine/decide.js";

const setting = { threshold: 0.5, band: 0, anyPopulation: false };
const two = { classes: ["NORMAL", "PNEUMONIA"], positive: "PNEUMONIA" };
const three = { classes: ["NORMAL", "VIRUS", "BACTERIA"], positive: "BACTERIA" };
const film = { probability: 0.5, reasons: [], label: "PNEUMONIA" };

test("a probability at the threshold is positive, below it the other class", () => {
  assert.deepEqual(decide(two, film, setting), {
    label: "PNEUMONIA", threshold: 0.5, decision: "pneumonia", reasons: [],
  });
  const { label, decision } = decide(two, film, { ...setting, threshold: 0.51 });
  assert.deepEqual([label, decision], ["NORMAL", "normal"]);
});

test("of several other classes the record's own is named, or none", () => {
  const strict = { ...setting, threshold: 0.9 };
  assert.equal(decide(three, { ...film, label: "VIRUS" }, strict).label, "VIRUS");
  assert.equal(decide(three, { ...film, label: "BACTERIA" }, strict).label, null);
  assert.equal(decide(three, { ...film, label: "BACTERIA" }, strict).decision, "not bacteria");
});

test("the band is open at its ends, and its reason is never given twice", () => {
  const near = { ...film, probability: 0.75, reasons: ["near-threshold"] };
  assert.deepEqual(decide(two, near, { ...setting, band: 0.25 }).reasons, []);
  assert.deepEqual(decide(two, near, { ...setting, band: 0.26 }).reasons, ["near-threshold"]);
});

test("any population drops the reasons of the population alone", () => {
  const odd = { ...film, reasons: ["cut-off", "population-age", "population-view"] };
  assert.equal(decide(two, odd, setting).decision, "abstain");
  assert.deepEqual(decide(two, odd, { ...setting, anyPopulation: true }).reasons, ["cut-off"]);
});

test("an outcome is the state until there is a record", () => {
  assert.equal(outcome(two, { state: "busy", record: null }, setting), "busy");
  const done = (record) => outcome(two, { state: "done", record }, setting);
  assert.equal(done({ path: "", error: { code: "truncated", message: "" } }), "unread");
  assert.equal(done({ ...film, reasons: ["inverted"] }), "abstain");
  assert.equal(done(film), "positive");
  assert.equal(done({ ...film, probability: 0.1 }), "negative");
});

const SIDE = 40;
const card = {
  ...two, input_size: SIDE,
  population: { age_years: [1, 6], body_parts: ["CHEST"], views: [], modalities: ["DX"] },
};
const picture = (value, size = 100) => ({
  square: Uint8Array.from({ length: SIDE * SIDE }, (_, i) => value(i % SIDE, Math.floor(i / SIDE))),
  width: size, height: size, embedding: [],
});
const reasons = (shown, tags = {}) => reasonsToAbstain(card, null, shown, tags);

test("pictures that hold no whole chest are refused", () => {
  assert.deepEqual(reasons(picture((x, y) => 3 * x + y)), []);
  assert.deepEqual(reasons(picture((x, y) => 3 * x + y, 19)), ["too-small"]);
  assert.deepEqual(reasons(picture(() => 77)), ["nearly-empty"]);
  assert.deepEqual(reasons(picture((x, y) => (y < 16 ? 0 : 3 * x + y))), ["cut-off"]);
  assert.deepEqual(reasons(picture((x, y) => (x >= 24 ? 0 : 3 * x + y))), ["cut-off"]);
});

test("tags outside of the population are refused, missing ones are not", () => {
  const shown = picture((x, y) => 3 * x + y);
  assert.deepEqual(reasons(shown, { age_years: 6, body_part: " chest", view: "LL" }), []);
  const tags = { age_years: 6.1, body_part: "HAND", view: "LL", modality: "MG" };
  const outside = ["population-age", "population-body-part", "population-modality"];
  assert.deepEqual(reasons(shown, tags), outside);
  const unread = { age_years: null, age_unreadable: true };
  assert.deepEqual(reasons(shown, unread), ["population-age-unreadable"]);
});

test("rates and their intervals are the card's own", () => {
  const figures = {
    test: {
      n: 9, threshold: 0.5, recall: 0.9, recall_ci: [0.8, 1], specificity: 0.7,
      specificity_ci: [0.5, 0.8],
    },
  };
  assert.deepEqual(onTest({ figures }, 0.5), {
    films: 9,
    sensitivity: { value: 0.9, low: 0.8, high: 1 },
    specificity: { value: 0.7, low: 0.5, high: 0.8 },
  });
  assert.equal(onTest({ figures }, 0.4), null);
  assert.equal(onTest({ figures: null }, 0.5), null);
});

test("operating points go by threshold, the default before its double", () => {
  const operating_points = [
    { name: "sensitivity-0.9", threshold: 0.7 },
    { name: "sensitivity-0.95", threshold: 0.5 },
    { name: "default", threshold: 0.5 },
  ];
  const names = points({ operating_points }).map(({ name }) => name);
  assert.deepEqual(names, ["default", "sensitivity-0.9"]);
  const { below, above } = neighbours({ operating_points }, 0.6);
  assert.deepEqual([below.name, above.name], ["default", "sensitivity-0.9"]);
  assert.equal(neighbours({ operating_points }, 0.9).above, null);
});

test("every setting is measured on the same films, so a lower threshold never finds less", () => {
  const range = /** @type {[number, number]} */ ([0, 1]);
  const point = (name, threshold, sensitivity) => ({
    name, threshold, sensitivity, sensitivity_ci: range, specificity: 0.99, specificity_ci: range,
    films: 539,
  });
  const operating_points = [
    point("default", 0.5, 0.926), point("sensitivity-0.9", 0.745, 0.901),
    point("sensitivity-0.95", 0.175, 0.95), point("sensitivity-0.99", 0.062, 0.99),
  ];
  const scored = {
    n: 624, threshold: 0.5, recall: 0.977, recall_ci: range, specificity: 0.8, specificity_ci: range,
  };
  const shown = (given) => points(given).map((each) => measured(given, each));
  for (const figures of [null, { test: scored }]) {
    const all = shown({ operating_points, figures });
    assert.deepEqual(all.map(({ films }) => films), Array(4).fill("validation"));
    assert.deepEqual(all.map((each) => each.figures.sensitivity.value), [0.99, 0.95, 0.926, 0.901]);
  }
  const [only] = shown({ operating_points: operating_points.slice(0, 1), figures: { test: scored } });
  assert.deepEqual([only.films, only.figures.sensitivity.value], ["test", 0.977]);
});

test("a cell runs no formula, and is quoted where it must be", () => {
  for (const start of ["=", "+", "-", "@", "\t", "\r"]) assert.match(cell(`${start}1`), /^"?'/);
  assert.equal(cell(-1), "-1");
  assert.equal(cell('a "b", c'), '"a ""b"", c"');
  assert.equal(cell(null), "");
});

test("the CSV holds what is done, decided under the present setting", () => {
  const record = { ...film, sha256: "ab", model: { name: "m", version: "1", sha256: "cd" }, ms: 2 };
  const films = [
    { state: "done", name: "a.png", record },
    { state: "busy", name: "b.png", record: null },
  ];
  const [head, row, end, ...more] = csv(two, films, { ...setting, threshold: 0.9 }).split("\r\n");
  assert.equal(head.split(",").length, 14);
  assert.equal(row, "a.png,ab,NORMAL,0.5,0.9,normal,,,m,1,cd,2,,");
  assert.deepEqual([end, more], ["", []]);
});
