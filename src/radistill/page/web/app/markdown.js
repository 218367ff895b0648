// The little Markdown that model cards use, as elements: headings, lists, tables, bold, code, links.

import { h } from "./dom.js";

/** text -> elements. Headings start at level `top`. Markup it does not know stays text. */
export function markdown(text, top = 3) {
  const labels = new Map();
  const blocks = text.replaceAll("\r\n", "\n").split(/\n{2,}/);
  return blocks.map((block) => element(block, top, labels)).filter(Boolean);
}

function element(block, top, labels) {
  const lines = block.split("\n").filter((line) => line.trim());
  if (!lines.length) return null;
  const heading = /^(#{1,6}) +(.*)$/.exec(lines[0]);
  if (heading) {
    const level = Math.min(6, top - 1 + heading[1].length);
    const made = h(/** @type {"h2"} */ (`h${level}`), {}, ...inline(heading[2]));
    return lines.length > 1 ? fragment(made, element(lines.slice(1).join("\n"), top, labels)) : made;
  }
  if (lines.every((line) => /^[-*] /.test(line) || /^ {2,}/.test(line))) return list(lines);
  if (lines.length > 1 && /^\|[\s:|-]+\|$/.test(lines[1])) return table(lines, labels);
  return h("p", {}, ...inline(lines.join(" ")));
}

function fragment(...nodes) {
  const made = document.createDocumentFragment();
  made.append(...nodes);
  return made;
}

function list(lines) {
  const items = [];
  for (const line of lines) {
    if (/^[-*] /.test(line)) items.push(line.slice(2));
    else items[items.length - 1] += ` ${line.trim()}`;
  }
  return h("ul", {}, ...items.map((item) => h("li", {}, ...inline(item))));
}

/** labels: how often each name of a region stands already, so that no two are called alike. */
function table([head, , ...body], labels) {
  const cells = (line) => line.trim().replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim());
  const name = cells(head)[0] || "table";
  const times = (labels.get(name) ?? 0) + 1;
  labels.set(name, times);
  return h(
    "div.table-frame", { tabindex: "0", role: "region", "aria-label": times > 1 ? `${name} ${times}` : name },
    h(
      "table", {},
      h("thead", {}, h("tr", {}, ...cells(head).map((cell) => h("th", { scope: "col" }, ...inline(cell))))),
      h("tbody", {}, ...body.map((line) => h("tr", {}, ...cells(line).map((cell) => h("td", {}, ...inline(cell)))))),
    ),
  );
}

function inline(text) {
  const parts = text.split(/(`[^`]+`|\*\*[^*]+\*\*|\[[^\]]+\]\(https?:[^)\s]+\))/);
  return parts.filter(Boolean).map((part) => {
    if (part.startsWith("`")) return h("code", {}, part.slice(1, -1));
    if (part.startsWith("**")) return h("strong", {}, part.slice(2, -2));
    const link = /^\[([^\]]+)\]\((https?:[^)\s]+)\)$/.exec(part);
    return link ? h("a", { href: link[2], target: "_blank", rel: "noreferrer" }, link[1]) : part;
  });
}
