// Keeps every file of the page, so that it opens and pays with no network at all. The list and its
// version come from the server (/files.js); a new version is fetched whole or not at all, and is
// used from the next start of the page on. Settings are asked for anew when there is a network.

importScripts("/files.js");

const CACHE = `kumquat-wallet-${self.VERSION}`;
const SETTINGS = "/settings.json";
const SETTINGS_PATIENCE_MS = 1500;

self.addEventListener("install", (event) => {
  const fresh = self.FILES.map((path) => new Request(path, { cache: "reload" }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(fresh)));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(forgetOlder().then(() => self.clients.claim()));
});

async function forgetOlder() {
  const names = await caches.keys();
  const older = names.filter((name) => name.startsWith("kumquat-wallet-") && name !== CACHE);
  await Promise.all(older.map((name) => caches.delete(name)));
}

self.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== self.location.origin) return;
  event.respondWith(pathname === SETTINGS ? newest(event.request) : kept(event.request));
});

async function kept(request) {
  const cache = await caches.open(CACHE);
  const path = request.mode === "navigate" ? "/" : request;
  return (await cache.match(path, { ignoreSearch: true })) ?? fetch(request);
}

async function newest(request) {
  const cache = await caches.open(CACHE);
  try {
    const signal = AbortSignal.timeout(SETTINGS_PATIENCE_MS);
    const answer = await fetch(request.url, { cache: "no-store", signal });
    if (!answer.ok) throw new Error(`${answer.status}`);
    await cache.put(SETTINGS, answer.clone());
    return answer;
  } catch {
    return (await cache.match(SETTINGS)) ?? Response.error();
  }
}
