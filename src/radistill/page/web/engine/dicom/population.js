// Tags of the population, none that identifies the patient: radistill.imaging.dicom.tags.

import { word } from "./tags.js";

const YEARS = { Y: 1, M: 1 / 12, W: 7 / 365.25, D: 1 / 365.25 };
const CODE = /^[A-Z0-9 _]{1,16}$/; // anything else is free text in the wrong place
const OLDEST = 130;
const DAY = 86_400_000;

export function populationTags(elements) {
  return {
    age_years: age(elements),
    body_part: code(elements, "BodyPartExamined"),
    view: code(elements, "ViewPosition"),
    modality: code(elements, "Modality"),
    photometric: code(elements, "PhotometricInterpretation"),
  };
}

function code(elements, keyword) {
  const text = word(elements, keyword);
  return CODE.test(text) ? text : null;
}

function age(elements) {
  const said = /^(\d{1,3})([YMWD])$/.exec(word(elements, "PatientAge"));
  let years;
  if (said) {
    years = Number(said[1]) * YEARS[said[2]];
  } else {
    const born = date(elements, "PatientBirthDate");
    const studied = date(elements, "StudyDate");
    if (born === null || studied === null) return null;
    years = (studied - born) / DAY / 365.25;
  }
  return years >= 0 && years <= OLDEST ? Math.round(years * 10) / 10 : null;
}

function date(elements, keyword) {
  const said = /^(\d{4})(\d\d)(\d\d)$/.exec(word(elements, keyword));
  if (!said) return null;
  const [year, month, day] = said.slice(1).map(Number);
  const time = new Date(0).setUTCFullYear(year, month - 1, day);
  const back = new Date(time);
  const exists = back.getUTCMonth() === month - 1 && back.getUTCDate() === day && year > 0;
  return exists ? time : null;
}
