// The elements that are read, and their values: radistill.imaging.dicom.parse.

import { Refusal } from "../refusal.js";

export const TAGS = {
  TransferSyntaxUID: ["x00020010", "UI"],
  SOPClassUID: ["x00080016", "UI"],
  StudyDate: ["x00080020", "DA"],
  SeriesDate: ["x00080021", "DA"],
  AcquisitionDate: ["x00080022", "DA"],
  ContentDate: ["x00080023", "DA"],
  AcquisitionDateTime: ["x0008002a", "DT"],
  Modality: ["x00080060", "CS"],
  PresentationIntentType: ["x00080068", "CS"],
  PatientBirthDate: ["x00100030", "DA"],
  PatientAge: ["x00101010", "AS"],
  BodyPartExamined: ["x00180015", "CS"],
  ViewPosition: ["x00185101", "CS"],
  SamplesPerPixel: ["x00280002", "US"],
  PhotometricInterpretation: ["x00280004", "CS"],
  NumberOfFrames: ["x00280008", "IS"],
  Rows: ["x00280010", "US"],
  Columns: ["x00280011", "US"],
  BitsAllocated: ["x00280100", "US"],
  BitsStored: ["x00280101", "US"],
  HighBit: ["x00280102", "US"],
  PixelRepresentation: ["x00280103", "US"],
  PixelPaddingValue: ["x00280120", "XS"],
  PixelPaddingRangeLimit: ["x00280121", "XS"],
  WindowCenter: ["x00281050", "DS"],
  WindowWidth: ["x00281051", "DS"],
  RescaleIntercept: ["x00281052", "DS"],
  RescaleSlope: ["x00281053", "DS"],
  VOILUTFunction: ["x00281056", "CS"],
  ModalityLUTSequence: ["x00283000", "SQ"],
  LUTDescriptor: ["x00283002", "XS"],
  LUTData: ["x00283006", "OW"],
  VOILUTSequence: ["x00283010", "SQ"],
  PresentationLUTShape: ["x20500020", "CS"],
  FloatPixelData: ["x7fe00008", "OF"],
  DoubleFloatPixelData: ["x7fe00009", "OD"],
  PixelData: ["x7fe00010", "OW"],
};
const SIZES = { US: 2, SS: 2, XS: 2, UL: 4, SL: 4 };
const KNOWN = Object.fromEntries(Object.values(TAGS));
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const WHOLE = /^[+-]?\d+$/;

export const sequenceVr = (tag) => (KNOWN[tag] === "SQ" ? "SQ" : undefined);

export const damaged = (keyword) =>
  new Refusal("unreadable", `damaged DICOM file (its ${keyword} makes no sense)`);

/** A parsed file, or an item of a sequence: elements by keyword. */
export class Elements {
  /**
   * @param {import("../../vendor/dicom-parser.js").DataSet} dataset
   * @param {boolean} little
   * @param {boolean} [pixelsSigned] of an item, which does not say it itself
   */
  constructor(dataset, little, pixelsSigned) {
    this.dataset = dataset;
    this.little = little;
    this.pixelsSigned = pixelsSigned;
  }

  element(keyword) {
    return this.dataset.elements[TAGS[keyword][0]];
  }

  has(keyword) {
    return this.element(keyword) !== undefined;
  }

  bytes(keyword) {
    const element = this.element(keyword);
    if (!element) return null;
    const { dataOffset, length } = element;
    return this.dataset.byteArray.subarray(dataOffset, dataOffset + length);
  }

  /** Values as the element's VR has them: numbers, or texts without surrounding spaces. */
  values(keyword) {
    const bytes = this.bytes(keyword);
    if (!bytes?.length) return [];
    const explicit = this.element(keyword).vr;
    const vr = explicit && explicit !== "UN" ? explicit : TAGS[keyword][1];
    const size = SIZES[vr];
    if (!size) return textOf(bytes).split("\\").map((text) => text.trim());
    if (bytes.length % size) throw damaged(keyword);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const read = `get${this.signed(vr) ? "Int" : "Uint"}${8 * size}`;
    return Array.from({ length: bytes.length / size }, (_, i) => view[read](size * i, this.little));
  }

  /** Implicit VR leaves US or SS open: the pixels' sign settles it. */
  signed(vr) {
    if (vr !== "XS") return vr === "SS" || vr === "SL";
    return this.pixelsSigned ?? wholeNumber(this, "PixelRepresentation", 0) === 1;
  }

  /** The items of a sequence, none where it is missing. */
  items(keyword) {
    return (this.element(keyword)?.items ?? []).flatMap(({ dataSet }) =>
      dataSet ? [new Elements(dataSet, this.little, this.signed("XS"))] : [],
    );
  }
}

const textOf = (bytes) => {
  const end = bytes.indexOf(0) < 0 ? bytes.length : bytes.indexOf(0);
  return Array.from(bytes.subarray(0, end), (byte) => String.fromCharCode(byte)).join("");
};

function first(elements, keyword) {
  const [value] = elements.values(keyword);
  return value === "" ? undefined : value;
}

/** An integer. Throws damaged if it is none, or missing without a default. */
export function wholeNumber(elements, keyword, missing) {
  const value = first(elements, keyword);
  if (value === undefined && missing !== undefined) return missing;
  if (typeof value === "number") return value;
  if (value === undefined || !WHOLE.test(value)) throw damaged(keyword);
  return Number(value);
}

function decimal(text) {
  if (typeof text === "number") return text;
  if (DECIMAL.test(text)) return Number(text);
  const name = /^([+-]?)(inf|infinity|nan)$/i.exec(text);
  if (!name) return undefined;
  return name[2].toLowerCase() === "nan" ? NaN : name[1] === "-" ? -Infinity : Infinity;
}

/** A decimal; null where missing or empty. */
export function realNumber(elements, keyword) {
  const value = first(elements, keyword);
  if (value === undefined) return null;
  const number = decimal(value);
  if (number === undefined) throw damaged(keyword);
  return number;
}

/** All the values of a decimal element, none if one is damaged. */
export function realNumbers(elements, keyword) {
  const numbers = elements.values(keyword).map(decimal);
  return numbers.includes(undefined) ? [] : numbers;
}

/** A coded string in capitals; "" where missing. */
export function word(elements, keyword) {
  const value = first(elements, keyword);
  return typeof value === "string" ? value.toUpperCase() : "";
}

/** An element of any type as text in capitals, "?" where damaged, "" where missing. */
export function textIn(elements, keyword) {
  try {
    return String(first(elements, keyword) ?? "").toUpperCase();
  } catch {
    return "?";
  }
}
