// Which DICOM objects are radiographs of one image: radistill.imaging.dicom.kind.

import { Refusal } from "../refusal.js";
import { damaged, wholeNumber, word } from "./tags.js";

const STORAGE = "1.2.840.10008.5.1.4.1.1";
const RAW = `${STORAGE}.1.1.1`; // digital X-ray, for processing
const SECONDARY = ["", ".1", ".2", ".3", ".4"].map((end) => `${STORAGE}.7${end}`);
const PLAIN = [RAW, `${STORAGE}.1`, `${STORAGE}.1.1`];
const READ = [...SECONDARY, ...PLAIN];
const RADIOGRAPHS = ["CR", "DX", "DR", "RG"];
const CAPTURES = ["OT", "SC", "HC"];
const OTHERS = {
  CT: "computed tomography", MR: "magnetic resonance", US: "ultrasound", MG: "mammography",
  PT: "positron emission", NM: "nuclear medicine", XA: "angiography", RF: "fluoroscopy",
  PX: "panoramic X-ray", IO: "intra-oral X-ray", BMD: "bone densitometry",
  ECG: "electrocardiogram", ES: "endoscopy", OP: "ophthalmic photograph", XC: "photograph",
  GM: "microscopy", SM: "slide", DOC: "document", SR: "report", PR: "presentation state",
  SEG: "segmentation", RTIMAGE: "radiotherapy image", RTDOSE: "radiotherapy dose",
  IVUS: "ultrasound",
};
const WANTED = "radistill reads CR, DX and secondary capture";

/** Throws a Refusal: no-pixels, modality, multi-frame, colour or unsupported, in that order. */
export function checkKind(elements) {
  if (elements.has("FloatPixelData") || elements.has("DoubleFloatPixelData")) {
    throw new Refusal("unsupported", "floating point pixels; save with 8 or 16 bits");
  }
  const uid = word(elements, "SOPClassUID");
  if (!elements.has("PixelData")) {
    const cut = READ.includes(uid) ? "; if there should be one, copy it again" : "";
    throw new Refusal("no-pixels", `DICOM without an image${cut}`);
  }
  checkModality(uid, elements);
  checkFrames(elements);
  checkGrey(elements);
}

function checkModality(uid, elements) {
  const modality = word(elements, "Modality");
  if (Object.hasOwn(OTHERS, modality)) {
    throw new Refusal("modality", `DICOM of ${OTHERS[modality]} (${modality}); ${WANTED}`);
  }
  if (uid && !READ.includes(uid)) throw new Refusal("modality", `DICOM of another kind; ${WANTED}`);
  const captured = !PLAIN.includes(uid) && CAPTURES.includes(modality);
  if (modality && !RADIOGRAPHS.includes(modality) && !captured) {
    throw new Refusal("modality", `DICOM of another modality; ${WANTED}`);
  }
  if (uid === RAW || word(elements, "PresentationIntentType") === "FOR PROCESSING") {
    const reason = "raw detector data (for processing); send the image made for presentation";
    throw new Refusal("unsupported", reason);
  }
}

function checkFrames(elements) {
  const frames = wholeNumber(elements, "NumberOfFrames", 1);
  if (frames < 0) throw damaged("NumberOfFrames");
  if (frames > 1) {
    throw new Refusal("multi-frame", `DICOM of ${frames} frames; send one film a file`);
  }
}

function checkGrey(elements) {
  const photometric = word(elements, "PhotometricInterpretation");
  const samples = wholeNumber(elements, "SamplesPerPixel", 1);
  if (samples === 1 && ["MONOCHROME1", "MONOCHROME2"].includes(photometric)) return;
  if (samples === 3 || /^(RGB|YBR|PALETTE|HSV|ARGB|CMYK)/.test(photometric)) {
    throw new Refusal("colour", "DICOM in colour; send the grey film");
  }
  throw damaged(samples === 1 ? "PhotometricInterpretation" : "SamplesPerPixel");
}
