// The service worker: static files from the cache; pages from the network first, and without one as they were kept.
// `course` is set by /service-worker.js: { version, files, pages, offline, who, signIn, signOut, fixed, languages, choose }.
const course = self.course, store = self.courseStore;
const PUBLIC = `public-${course.version}`;
const publicIn = (language) => `${PUBLIC}-${language}`; // the pages for everybody, in one language
const HELP_HOURS = 4; // how old the telephone numbers that are kept may become while people are online
const KEPT_DAYS = 7; // after which a page of a person is no longer shown offline
const HELP_SECONDS = 5; // how long "Worried about a child?" waits for a server that does not answer

self.addEventListener("install", (event) => event.waitUntil((async () => {
  await (await caches.open(PUBLIC)).addAll(course.files);
  await refresh();
  await self.skipWaiting();
})()));

self.addEventListener("activate", (event) => event.waitUntil((async () => {
  // Pages of another version of the course name style sheets that are gone.
  for (const name of await caches.keys()) if (name !== PUBLIC && !name.startsWith(`${PUBLIC}-`)) await caches.delete(name);
  await self.registration.navigationPreload?.enable();
  await self.clients.claim();
})()));

self.addEventListener("message", (event) => { if (event.data === "refresh") event.waitUntil(refreshOld()); });
self.addEventListener("sync", (event) => event.waitUntil(store.send(course.who)));

async function refreshOld() {
  const kept = await caches.match(course.pages[0] + (await siteQuery()), { cacheName: publicIn(await language()) });
  const age = kept ? Date.now() - new Date(kept.headers.get("Course-Kept-At")) : Infinity;
  if (age > HELP_HOURS * 3600 * 1000) await refresh();
}

// The sites whose numbers this device keeps, as the part of an address: those of whoever is signed in, or the one that was
// chosen here. Empty where everybody has the same numbers.
async function siteQuery() {
  const sites = await store.fact("sites");
  return sites ? `?${sites.split(" ").map((site) => `site=${site}`).join("&")}` : "";
}

// The language of the last page that was read with a network.
async function language() {
  const said = await store.fact("language");
  return course.languages.includes(said) ? said : course.languages[0];
}

// A language by the name that the address of a link has: en for en-GB.
const languageNamed = (name) => course.languages.find((one) => name && (one === name || one.startsWith(`${name}-`)));

// The pages for everybody are fetched as a visitor sees them: nothing of whoever is signed in is kept with them. They are few,
// so they are kept in each language, and whoever changes it without a network finds them in that one.
async function refresh() {
  const query = await siteQuery();
  const paths = query ? course.pages.flatMap((path) => [path, path + query]) : course.pages;
  await Promise.all(course.languages.flatMap((one) => paths.map(async (path) => {
    const headers = { accept: "text/html", "course-language": one };
    const answer = await fetch(path, { credentials: "omit", cache: "no-store", headers }).catch(() => null);
    if (answer?.ok) await (await caches.open(publicIn(one))).put(path, store.stamped(await answer.text(), answer.headers));
  })));
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== location.origin) return;
  if (request.method === "POST" && url.pathname === course.signOut) event.waitUntil(store.forget());
  if (request.method !== "GET") return;
  if (course.fixed.some((prefix) => url.pathname.startsWith(prefix))) event.respondWith(fixed(request));
  else if (request.mode === "navigate" || request.headers.get("accept")?.startsWith("text/html")) event.respondWith(page(event, url));
});

async function fixed(request) {
  const cache = await caches.open(PUBLIC);
  const found = await cache.match(request, { ignoreSearch: true });
  if (found) return found;
  const answer = await fetch(request);
  if (answer.ok && answer.type === "basic") await cache.put(request, answer.clone());
  return answer;
}

async function page(event, url) {
  const help = course.pages.includes(url.pathname);
  const asked = (async () => (await event.preloadResponse) ?? fetch(event.request))();
  const slow = new Promise((_, reject) => { if (help) setTimeout(reject, HELP_SECONDS * 1000); });
  const answer = await Promise.race([asked, slow]).catch(() => null);
  asked.catch(() => null);
  if (answer && !(help && answer.status >= 500) && ![502, 504].includes(answer.status)) {
    if (answer.ok && event.request.mode === "navigate") event.waitUntil(seen(url, answer.clone()));
    return answer;
  }
  if (!answer) await chooseLanguage(url);
  if (!answer && url.pathname.startsWith(course.choose)) {
    const next = new URL(url.searchParams.get("next") ?? "/", url.origin);
    return Response.redirect(next.origin === url.origin ? next : url.origin);
  }
  url.searchParams.delete("language");
  const owner = await store.fact("owner"), cacheName = publicIn(await language());
  // Without a copy for the site the numbers of the organisation are shown, never those of another site.
  const kept = help ? (await caches.match(url.pathname + (url.search || (await siteQuery())), { cacheName }))
      ?? (await caches.match(url.pathname, { cacheName }))
    : owner && await caches.match(url.pathname + url.search, { cacheName: store.pagesOf(owner) });
  const age = kept ? Date.now() - new Date(kept.headers.get("Course-Kept-At")) : Infinity;
  if (kept && (help || age < KEPT_DAYS * 86400 * 1000)) return asKept(kept);
  return answer ?? offline();
}

// The link to another language, followed without a network: the pages for everybody are here in each.
async function chooseLanguage(url) {
  const named = url.pathname.startsWith(course.choose) ? url.pathname.slice(course.choose.length) : url.searchParams.get("language");
  const found = languageNamed(named);
  if (found) await store.setFact("language", found);
}

async function offline() {
  const found = await caches.match(course.offline, { cacheName: publicIn(await language()) });
  return found ? asKept(found) : Response.error();
}

// The page itself says that it was kept, and when (offline.js).
async function asKept(found) {
  const text = (await found.text()).replace("<html", `<html data-kept="${found.headers.get("Course-Kept-At")}"`);
  return new Response(text, { headers: found.headers });
}

async function seen(url, answer) {
  // Nobody is signed in: the page would redirect otherwise.
  if (url.pathname === course.signIn) return store.dropPages("");
  const owner = await store.fact("owner");
  if (owner) await store.keepPage(owner, url.pathname + url.search, await answer.text(), answer.headers);
}
