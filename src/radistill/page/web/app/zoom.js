// Zoom and pan of the film: wheel, pinch, drag, double click and keys. Shift-drag sets the window.

const MOST = 12;
const STEP = 40; // pixels a key moves the film
const KEYS = {
  ArrowLeft: [STEP, 0], ArrowRight: [-STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP],
};

export function zoomable(stage, layers) {
  const view = { scale: 1, x: 0, y: 0 };
  const fingers = new Map();

  function show() {
    const { width, height } = stage.getBoundingClientRect();
    const room = (side) => ((view.scale - 1) * side) / 2;
    view.x = Math.min(room(width), Math.max(-room(width), view.x));
    view.y = Math.min(room(height), Math.max(-room(height), view.y));
    layers.style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.scale})`;
    stage.dataset.zoomed = String(view.scale > 1);
  }

  /** Zoom about a point given from the stage's centre, which stays where it is. */
  function by(factor, x = 0, y = 0) {
    const scale = Math.min(MOST, Math.max(1, view.scale * factor));
    const ratio = scale / view.scale;
    view.x = x - (x - view.x) * ratio;
    view.y = y - (y - view.y) * ratio;
    view.scale = scale;
    show();
  }

  function reset() {
    Object.assign(view, { scale: 1, x: 0, y: 0 });
    show();
  }

  function move(dx, dy) {
    view.x += dx;
    view.y += dy;
    show();
  }

  function fromCentre({ clientX, clientY }) {
    const box = stage.getBoundingClientRect();
    return [clientX - box.left - box.width / 2, clientY - box.top - box.height / 2];
  }

  stage.addEventListener("wheel", (event) => {
    // Where the page itself scrolls, a plain wheel does that until the film is zoomed.
    const scrolls = document.documentElement.scrollHeight > innerHeight;
    if (scrolls && !event.ctrlKey && view.scale === 1) return;
    event.preventDefault();
    by(Math.exp(-event.deltaY * 0.002), ...fromCentre(event));
  }, { passive: false });

  stage.addEventListener("dblclick", (event) =>
    view.scale > 1 ? reset() : by(2.5, ...fromCentre(event)),
  );

  stage.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "+" || event.key === "=") by(1.25);
    else if (event.key === "-") by(0.8);
    else if (event.key === "0") reset();
    else if (event.key in KEYS && view.scale > 1) move(...KEYS[event.key]);
    else return;
    event.preventDefault();
  });

  stage.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    fingers.set(event.pointerId, event);
    stage.setPointerCapture(event.pointerId);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    stage.addEventListener(end, (event) => fingers.delete(event.pointerId));
  }
  stage.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const [dx, dy] = [event.clientX - before.clientX, event.clientY - before.clientY];
    const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
    fingers.set(event.pointerId, event);
    if (other) pinch(before, event, other);
    else if (event.shiftKey) windowing(dx, dy);
    else move(dx, dy);
  });

  function pinch(before, now, other) {
    const far = (a, b) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY) || 1;
    const middle = {
      clientX: (now.clientX + other.clientX) / 2,
      clientY: (now.clientY + other.clientY) / 2,
    };
    by(far(now, other) / far(before, other), ...fromCentre(middle));
  }

  function windowing(dx, dy) {
    const detail = { dx: dx / 400, dy: dy / 400 };
    stage.dispatchEvent(new CustomEvent("windowing", { detail }));
  }

  return { by, reset };
}
