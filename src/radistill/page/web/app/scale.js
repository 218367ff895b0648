// The probability on a line from 0 to 1, with the threshold and the band where it abstains.

import { h } from "./dom.js";
import { percent, t } from "./i18n.js";

export function scale(probability, { threshold, band }) {
  const at = (element, share) => {
    element.style.left = `${100 * Math.min(1, Math.max(0, share))}%`;
    return element;
  };
  const over = at(h("span.scale-over"), threshold);
  over.style.width = `${100 * (1 - threshold)}%`;
  const near = at(h("span.scale-band"), threshold - band);
  near.style.width = `${100 * (Math.min(1, threshold + band) - Math.max(0, threshold - band))}%`;
  const limit = at(h("span.scale-limit"), threshold);
  const label = h("span.scale-label", {}, t("scale.threshold", { limit: percent(threshold, 1) }));
  at(label, threshold);
  // The label is turned inwards at the ends of the line.
  label.dataset.side = threshold < 0.3 ? "right" : threshold > 0.7 ? "left" : "middle";
  return h(
    "div.scale", { "aria-hidden": "true" },
    h("div.scale-line", {}, over, band ? near : null, limit, at(h("span.scale-mark"), probability)),
    h("div.scale-words", {}, h("span", {}, percent(0)), label, h("span", {}, percent(1))),
  );
}
