// Lets the scanning pages open without a network. Keeps their empty frames and files whose names carry a hash; never a page
// of a person, never what was sent (ux.md §3, AC19). The server puts the list before this script, as `KEPT`.
const { version, shells, offline, files } = self.KEPT;
const CACHE = `volunteer-${version}`, WAIT_MS = 3000;
const FRAMES = [[/^\/station(\/[0-9a-f-]{36}\/scan)?$/, shells.scan], [/^\/station\/[0-9a-f-]{36}\/queue$/, shells.queue], [/^\/station\/[0-9a-f-]{36}\/check$/, shells.check]];

// Frames are fetched as nobody, so that nobody is in them.
const frame = (address) => new Request(address, { credentials: "omit", cache: "reload" });

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll([...[...Object.values(shells), offline].map(frame), ...files])));
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name.startsWith("volunteer-") && name !== CACHE) await caches.delete(name);
    await self.clients.claim();
  })());
});

self.addEventListener("fetch", (event) => {
  const { request } = event, address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== location.origin) return;
  if (address.pathname.startsWith("/static/dist/")) event.respondWith(kept(request));
  else if (request.mode === "navigate") event.respondWith(open(request, FRAMES.find(([path]) => path.test(address.pathname))?.[1]));
});

async function kept(request) {
  return (await caches.match(request)) || fetch(request);
}

// The page itself if it comes in time; else the frame of a scanning page, which needs no network, or a word that there is none.
async function open(request, shell) {
  const coming = fetch(request);
  coming.catch(() => {});
  try {
    const reply = await (shell ? Promise.race([coming, late()]) : coming);
    return shell && reply.status >= 500 ? (await caches.match(shell)) || reply : reply; // scanning goes on while the service is down
  } catch {
    return (await caches.match(shell || offline)) || coming;
  }
}

const late = () => new Promise((_, fail) => { setTimeout(() => fail(new Error("late")), WAIT_MS); });
