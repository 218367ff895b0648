// The static page's service worker: all files are kept, so that it opens without a network.
//
// `radistill page` fills in the list. A page that changes brings another list, hence another
// worker, which fetches what is new, takes the rest from the older one's cache, and takes over
// when the last tab of the older page is closed or reloaded.

/** @type {Record<string, string>} */
const FILES = {}; // path -> hash of its content
const worker = /** @type {ServiceWorkerScope} */ (/** @type {unknown} */ (self));
const SCOPE = worker.registration.scope;
const PREFIX = `radistill ${SCOPE} `;
const VERSION = Object.entries(FILES).join(" ");
const TAKE_OVER = "take over";

// Headers that a plain file server does not send: with them a page may use threads. The policy on
// what may be loaded is in the page.
const ISOLATION = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};

async function digest(text) {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(bytes.slice(0, 8)), (b) => b.toString(16)).join("");
}

const cacheName = digest(VERSION).then((hash) => PREFIX + hash);

/** Where a file is kept: by its content, so that a later version finds what has not changed. */
const kept = (path) => new URL(`${path}?${FILES[path]}`, SCOPE).href;

async function install() {
  const cache = await caches.open(await cacheName);
  await Promise.all(Object.keys(FILES).map((path) => keep(cache, path)));
}

async function keep(cache, path) {
  const known = await caches.match(kept(path));
  if (known) {
    await cache.put(kept(path), known);
    return;
  }
  const response = await fetch(new URL(path, SCOPE), { cache: "no-cache" });
  if (!response.ok) throw new Error(`${path}: HTTP ${response.status}`);
  await cache.put(kept(path), response);
}

async function activate() {
  const current = await cacheName;
  const names = await caches.keys();
  const older = names.filter((name) => name.startsWith(PREFIX) && name !== current);
  await Promise.all(older.map((name) => caches.delete(name)));
  await worker.clients.claim();
}

/** The path of one of the page's files; null for anything else. */
function pathOf(url) {
  const { href } = new URL(url.pathname, url.origin);
  if (!href.startsWith(SCOPE)) return null;
  const path = decodeURIComponent(href.slice(SCOPE.length)) || "index.html";
  return Object.hasOwn(FILES, path) ? path : null;
}

async function answer(request, path) {
  const { waiting } = worker.registration;
  if (request.mode === "navigate" && waiting) {
    const tabs = await worker.clients.matchAll({ type: "window" });
    if (tabs.length < 2) {
      waiting.postMessage(TAKE_OVER);
      return new Response("", { headers: { Refresh: "0" } });
    }
  }
  const cache = await caches.open(await cacheName);
  return isolated((await cache.match(kept(path))) ?? (await fetch(request)));
}

/** @param {Response} response */
function isolated(response) {
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(ISOLATION)) headers.set(name, value);
  // What a browser unpacked on the way is kept unpacked.
  headers.delete("Content-Encoding");
  headers.delete("Content-Length");
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers });
}

worker.addEventListener("install", (event) => event.waitUntil(install()));
worker.addEventListener("activate", (event) => event.waitUntil(activate()));
worker.addEventListener("message", ({ data }) => data === TAKE_OVER && worker.skipWaiting());
worker.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== worker.location.origin) return;
  const path = pathOf(url);
  if (path) event.respondWith(answer(event.request, path));
});
