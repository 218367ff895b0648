// Tags of the population, none that identifies the patient: radistill.imaging.dicom.tags.

import { readAge } from "./age.js";
import { word } from "./tags.js";

const CODE = /^[A-Z0-9 _]{1,16}$/; // anything else is free text in the wrong place

export function populationTags(elements) {
  return {
    ...readAge(elements),
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
