// A photograph by the camera of a laptop; phones use their own.

import { byId, context2d, h } from "./dom.js";
import { t } from "./i18n.js";

/** [File], or [] if there is no camera or the reader changed their mind. */
export async function shoot() {
  const dialog = byId("shoot");
  const view = h("video", { autoplay: true, playsinline: true, "aria-label": t("camera.view") });
  view.muted = true;
  const problem = h("p.problem", { role: "alert", hidden: true });
  const take = h("button.button.primary", { type: "button", disabled: true }, t("camera.take"));
  const leave = h("button.button", { type: "button", onclick: () => dialog.close() }, t("cancel"));
  dialog.replaceChildren(
    h("h2", { id: "shoot-title" }, t("camera.title")),
    h("p.small", {}, t("camera.hint")),
    view,
    problem,
    h("div.box-buttons", {}, take, leave),
  );
  dialog.showModal();
  let stream = null;
  let photo = [];
  take.onclick = async () => {
    photo = [await still(view)];
    dialog.close();
  };
  const closed = new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  try {
    stream = await navigator.mediaDevices.getUserMedia({
      video: { width: { ideal: 1920 }, height: { ideal: 1080 } },
    });
    view.onloadeddata = () => { // before its first picture there is nothing to take
      take.disabled = false;
      take.focus();
    };
    view.srcObject = stream;
  } catch {
    view.hidden = true;
    problem.hidden = false;
    problem.textContent = t("camera.none");
  }
  await closed;
  for (const track of stream?.getTracks() ?? []) track.stop();
  return photo;
}

async function still(view) {
  const canvas = document.createElement("canvas");
  canvas.width = view.videoWidth;
  canvas.height = view.videoHeight;
  context2d(canvas).drawImage(view, 0, 0);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  const time = new Date().toISOString().slice(11, 19).replaceAll(":", "-");
  return new File([blob], `photo-${time}.png`, { type: "image/png" });
}
