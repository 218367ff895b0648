// Films come in: dropped, pasted, chosen or photographed.

import { byId } from "./dom.js";
import { shoot } from "./camera.js";

const OTHER = /^(text|audio|video)\/|^application\/(json|pdf|zip|xml|javascript)/;

const TEXT_FIELDS = "input:not([type=file]):not([type=range]), textarea";

/** take: called with the files, none of them checked yet. */
export function listen(take) {
  const give = (files) => files.length && take(files);
  const chosen = (event) => {
    give([...event.target.files]);
    event.target.value = "";
  };
  byId("choose").addEventListener("change", chosen);
  byId("camera-file").addEventListener("change", chosen);
  byId("camera").addEventListener("click", async () => {
    // A phone's own camera is better than a page's; and it needs no secure origin.
    if (matchMedia("(pointer: coarse)").matches || !navigator.mediaDevices) {
      byId("camera-file").click();
    } else {
      give(await shoot());
    }
  });
  document.addEventListener("paste", (event) => {
    if (event.target instanceof Element && event.target.matches(TEXT_FIELDS)) return;
    give([...(event.clipboardData?.files ?? [])]);
  });
  drops(give);
}

function drops(give) {
  let depth = 0;
  const veil = (shown) => byId("veil").classList.toggle("shown", shown);
  const ours = (event) => event.dataTransfer?.types.includes("Files");
  document.addEventListener("dragenter", (event) => ours(event) && veil(++depth > 0));
  document.addEventListener("dragleave", (event) => ours(event) && veil(--depth > 0));
  document.addEventListener("dragover", (event) => ours(event) && event.preventDefault());
  document.addEventListener("drop", async (event) => {
    if (!ours(event)) return;
    event.preventDefault();
    veil((depth = 0) > 0);
    give(await dropped(event.dataTransfer));
  });
}

/** Files as they are; of folders what may be a film, in order of name. */
async function dropped(transfer) {
  // Entries must be taken before the first await: the list is empty afterwards.
  const entries = [...transfer.items]
    .filter((item) => item.kind === "file")
    .map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  if (!entries.length) return [...transfer.files];
  const files = [];
  for (const entry of entries) {
    if (entry?.isDirectory) files.push(...(await within(entry)));
    else if (entry?.isFile) files.push(await fileOf(entry));
    else if (entry) files.push(entry);
  }
  return files.filter(Boolean);
}

async function within(folder) {
  const entries = await listed(folder);
  entries.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
  const files = [];
  for (const entry of entries) {
    if (entry.name.startsWith(".")) continue;
    if (entry.isDirectory) files.push(...(await within(entry)));
    else files.push(await fileOf(entry));
  }
  return files.filter((file) => file && !OTHER.test(file.type));
}

async function listed(folder) {
  const reader = folder.createReader();
  const all = [];
  for (;;) {
    const some = await new Promise((resolve) => reader.readEntries(resolve, () => resolve([])));
    if (!some.length) return all;
    all.push(...some);
  }
}

const fileOf = (entry) => new Promise((resolve) => entry.file(resolve, () => resolve(null)));
