// The patient's age in years, from PatientAge as files really write it, or from dates:
// radistill.imaging.dicom.age.

import { textIn } from "./tags.js";

// PS3.5 has three digits and Y, M, W or D. Files also have "62", "51 Y", "42.0" and "45 years".
const AGE = new RegExp(
  "^\\+?(\\d+(?:[.,]\\d+)?) *(Y(?:(?:EA)?RS?|\\.?O)?|M(?:OS?|ONS?|THS?|ONTHS?)?" +
    "|W(?:(?:EE)?KS?)?|D(?:AYS?)?)\\.?(?: OLD)?$",
);
const UNIT_FIRST = /^([YMWD]) *(\d+)$/;
const NUMBER = /^\+?(\d+(?:[.,]\d+)?)$/;
const YEARS = { Y: 1, M: 1 / 12, W: 7 / 365.25, D: 1 / 365.25 };
const OLDEST = 130;
const MONTHS = 24; // up to here a number alone may be the months, weeks or days of a small child

const TAKEN = [
  "StudyDate", "AcquisitionDate", "AcquisitionDateTime", "SeriesDate", "ContentDate",
];
const DAY = 86_400_000;

/** { age_years: to one decimal or null, age_unreadable: one is there that cannot be read }. */
export function readAge(elements) {
  const [said, born] = ["PatientAge", "PatientBirthDate"].map((name) => textIn(elements, name));
  const dates = TAKEN.map((name) => date(textIn(elements, name)));
  const taken = dates.find((day) => day !== null) ?? null;
  const years = withUnit(said) ?? between(date(born), taken) ?? withoutUnit(said);
  if (years !== null) return { age_years: Math.round(years * 10) / 10, age_unreadable: false };
  return { age_years: null, age_unreadable: Boolean(said || (born && taken !== null)) };
}

function withUnit(text) {
  const age = AGE.exec(text.replace(UNIT_FIRST, "$2$1"));
  return age && possible(number(age[1]) * YEARS[age[2][0]]);
}

function withoutUnit(text) {
  const age = NUMBER.exec(text);
  return age && number(age[1]) > MONTHS ? possible(number(age[1])) : null;
}

const number = (text) => Number(text.replace(",", "."));

function between(born, taken) {
  return born === null || taken === null ? null : possible((taken - born) / DAY / 365.25);
}

const possible = (years) => (years >= 0 && years <= OLDEST ? years : null);

function date(text) {
  const parts = /^(\d{4})[.\-/]?(\d\d)[.\-/]?(\d\d)/.exec(text);
  if (!parts) return null;
  const [year, month, day] = parts.slice(1).map(Number);
  const time = new Date(0).setUTCFullYear(year, month - 1, day);
  const back = new Date(time);
  const exists = back.getUTCMonth() === month - 1 && back.getUTCDate() === day && year > 0;
  return exists ? time : null;
}
