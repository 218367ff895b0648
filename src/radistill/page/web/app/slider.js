// A labelled slider.

import { h } from "./dom.js";
import { t } from "./i18n.js";

/** oninput: called with the number. The element gets set(value) and disable(whether). */
export function slider(key, { min, max, step }, value, oninput) {
  const input = h("input", {
    type: "range", min, max, step, oninput: (event) => oninput(Number(event.target.value)),
  });
  input.value = String(value);
  const label = h("label.slider", {}, h("span", {}, t(key)), input);
  return Object.assign(label, {
    set: (/** @type {number} */ to) => (input.value = String(to)),
    disable: (/** @type {boolean} */ whether) => (input.disabled = whether),
  });
}
