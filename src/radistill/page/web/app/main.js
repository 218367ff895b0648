// The page from top to bottom.

import { byId } from "./dom.js";
import { change, on, store, notify } from "./store.js";
import { preferred, t } from "./i18n.js";
import { chooseLanguage } from "./language.js";
import { appearanceButton } from "./appearance.js";
import { failed, open } from "./start.js";
import { showFacts } from "./facts.js";
import { cardButton } from "./card.js";
import { listen } from "./intake.js";
import { add, resume, use } from "./queue.js";
import { showWorklist } from "./worklist.js";
import { showVerdict } from "./verdict.js";
import { showViewer } from "./viewer.js";
import { showSetting } from "./setting.js";
import { announceResults } from "./announce.js";

await chooseLanguage(preferred());
appearanceButton();
await start();

/** Open the engine; the parts of the page are made once its card is known. */
async function start() {
  const engine = await open();
  store.card = engine.bundle();
  use(engine, lost);
  if (byId("worklist").children.length) return;
  change({ point: "default", threshold: store.card.threshold });
  state();
  for (const show of [showFacts, cardButton, showWorklist, showVerdict, showViewer, showSetting]) show();
  announceResults();
  listen(add);
  on("films", state);
  on("language", () => {
    showFacts();
    state();
  });
  notify("language"); // only now it is clear which messages are missing
  window.addEventListener("pagehide", () => engine.close());
}

/** The engine went away or wants a token: say so, open it again and go on. */
async function lost(error) {
  if (error.code !== "token") await failed(error);
  await start();
  state();
  resume();
}

/** Before the first film the page is one large place to drop it on. */
function state() {
  const films = store.films.length > 0;
  document.body.dataset.state = films ? "films" : "empty";
  byId("intake-title").dataset.t = films ? "intake.more" : "intake.title";
  byId("intake-title").textContent = t(byId("intake-title").dataset.t);
}
