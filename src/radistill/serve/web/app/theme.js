// Before the first paint, so that a dark room never sees a white flash: a plain script, no module.
(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem("radistill-theme");
  } catch {
    // Storage may be forbidden; the system's choice stands then.
  }
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
