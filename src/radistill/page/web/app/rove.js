// A listbox by keyboard: arrows, Home, End, Page keys; Delete takes a film out (WAI-ARIA APG).

const PAGE = 8;
const STEPS = { ArrowDown: 1, ArrowUp: -1, PageDown: PAGE, PageUp: -PAGE };

export function rove(list, { pick, discard }) {
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) pick(option, { tapped: true });
  });
  list.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const options = [...list.children];
    const at = options.indexOf(event.target.closest("[role=option]"));
    if (at < 0) return;
    if (event.key === "Delete") {
      event.preventDefault();
      discard(options[at]);
      return;
    }
    const to = target(event.key, at, options.length - 1);
    if (to === null) return;
    event.preventDefault();
    pick(options[to]);
    list.children[to]?.focus();
  });
}

function target(key, at, last) {
  if (key === "Home") return 0;
  if (key === "End") return last;
  if (key === "Enter" || key === " ") return at;
  return key in STEPS ? Math.max(0, Math.min(last, at + STEPS[key])) : null;
}
