// Before the first paint, so that a dark room never sees a white flash: a plain script, no module.
// data-theme is what was chosen, if anything; data-scheme what the colours follow.
(() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  let chosen = null;
  try {
    chosen = localStorage.getItem("radistill-theme");
  } catch {
    // Storage may be forbidden; then the system's choice holds.
  }
  if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
  const paint = () => {
    root.dataset.scheme = root.dataset.theme ?? (system.matches ? "dark" : "light");
  };
  new MutationObserver(paint).observe(root, { attributeFilter: ["data-theme"] });
  system.addEventListener("change", paint);
  paint();
})();
