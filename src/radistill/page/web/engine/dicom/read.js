// A DICOM radiograph to a grey picture: CR, DX or secondary capture of one grey frame.

import { toGrey } from "./display.js";
import { checkKind } from "./kind.js";
import { parse } from "./parse.js";
import { populationTags } from "./population.js";
import { readContainers, readLayout } from "./stored.js";

/** Rejects with a Refusal that names damaged elements but never repeats a value of the file. */
export async function readDicom(bytes, limits) {
  const { elements, syntax } = parse(bytes, limits);
  checkKind(elements);
  const said = readLayout(elements, limits);
  const { containers, layout } = await readContainers(elements, syntax, said);
  const grey = toGrey(containers, elements, layout);
  const { rows: height, columns: width } = layout;
  return { grey, width, height, source: "dicom", tags: populationTags(elements) };
}
