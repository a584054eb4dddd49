// On every page: what waits is sent, the module under way is kept for reading offline if its reader wants that, and the
// service worker is started. Pages of one person are deleted here as soon as another person's page is shown.
import { FORMS, addressOf, markWaiting, visit } from "./in-place.js";
import { button, owner, say, titleOf, word } from "./notice.js";
import "./store.js";

const store = globalThis.courseStore;
// How long the list of pages to keep counts, in milliseconds.
const FRESH = 10 * 60 * 1000;
const shown = () => location.pathname + location.search;
const keptAt = () => document.documentElement.dataset.kept;
const able = Boolean(navigator.serviceWorker && self.caches && self.indexedDB);

// For each page, also for those that are shown in place.
async function start() {
  banner();
  if (!self.indexedDB) return;
  await checkOwner();
  await showWaiting();
  await send();
  if (!able) return;
  await offer();
  await keepModule();
  await describeDevice();
}

function banner() {
  if (!keptAt() || document.querySelector("[data-device]")) return;
  const box = document.createElement("p");
  box.className = "offline-note";
  box.setAttribute("role", "status");
  const at = new Date(keptAt()).toLocaleString(document.documentElement.lang, { dateStyle: "long", timeStyle: "short" });
  box.textContent = word("offline", { at });
  document.getElementById("main")?.before(box);
}

// The sign-in page is only shown when nobody is signed in. Pages from the cache, and those that everybody may open, say
// nothing about who is. In the room of a supervised session nothing is kept for anybody.
async function checkOwner() {
  if (keptAt()) return;
  await checkLanguage();
  const now = owner();
  // Whose numbers "Worried about a child?" has without a network.
  if (now || word("sites")) await store.setFact("sites", word("sites") || undefined);
  if (!now && location.pathname !== word("signIn") && !document.querySelector('meta[name="room"]')) return;
  if (now !== (await store.fact("owner"))) {
    await store.dropPages(now);
    await store.setFact("owner", now);
    await store.setFact("list", undefined);
    if (!now) await store.setFact("sites", undefined);
  }
}

// What is kept is of one language: after a change of it the pages are fetched again.
async function checkLanguage() {
  const language = document.documentElement.lang, before = await store.fact("language");
  if (language === before) return;
  await store.setFact("language", language);
  if (!before) return;
  await store.dropPages("");
  await store.setFact("list", undefined);
}

async function showWaiting() {
  if (!owner()) return;
  for (const form of document.querySelectorAll(FORMS)) {
    const items = await store.waiting(owner(), addressOf(form));
    if (items.some((item) => !item.words && !item.fields.some(([name]) => name === "stay"))) markWaiting(form);
  }
  for (const item of (await store.waiting(owner())).filter((one) => one.words)) tell(item);
}

function linkTo(item) {
  const link = document.createElement("a");
  link.href = item.address;
  link.textContent = item.title;
  return link;
}

// An answer that was not recorded stays on the device until its person has read why.
function tell(item) {
  const read = button(word("seen"), async (event) => {
    const line = event.target.closest("p");
    await store.remove(item.id);
    line.remove();
  });
  say(item.words, linkTo(item), read);
}

async function send() {
  if (!navigator.onLine) return;
  if ((await store.waiting(owner() || undefined)).length) {
    // It says so to all windows, this one too.
    const done = await store.send(word("who"));
    if (!self.BroadcastChannel) await settle(done);
  }
  // Another window may have sent it while this one was being opened.
  const form = document.querySelector("form.is-waiting");
  if (form && !(await store.waiting(owner(), addressOf(form))).length) await visit(location.href);
}

async function settle(items) {
  // The page "Offline" is nobody's, and lists what waits for whoever was signed in last.
  const me = owner() || (document.querySelector("[data-device]") && (await store.fact("owner")));
  const mine = items.filter((item) => item.owner === me);
  document.dispatchEvent(new CustomEvent("course:sent", { detail: mine }));
  // Also what was not recorded waits no longer: another device may have been first.
  if (mine.length && document.querySelector("form.is-waiting")) await visit(location.href);
  const recorded = mine.filter((item) => !item.words);
  // Its reasons are on its own page, which the reader may have left since.
  const elsewhere = recorded.filter((item) => item.address !== location.pathname);
  if (recorded.length) say(recorded.length === 1 ? word("sentOne") : word("sent", { n: recorded.length }), ...elsewhere.map(linkTo));
  for (const item of mine.filter((one) => one.words)) tell(item);
  await describeDevice();
}

// Sign-out deletes what waits. Whoever has answers here is told so first.
async function beforeSignOut(event) {
  const form = event.target;
  if (event.defaultPrevented || new URL(form.getAttribute("action") || location.href, location.href).pathname !== word("signOut")) return;
  if (form.dataset.sure || !self.indexedDB) return;
  event.preventDefault();
  const go = async () => {
    // The service worker does the same, where there is one.
    await store.forget(owner()).catch(() => null);
    form.dataset.sure = "yes";
    form.requestSubmit();
  };
  // A network that does not answer keeps nobody from signing out.
  const enough = new Promise((resolve) => { setTimeout(resolve, 4000); });
  if (navigator.onLine && (await store.waiting(owner())).length) await Promise.race([store.send(word("who")).catch(() => []), enough]);
  const all = await store.waiting();
  const mine = all.filter((item) => item.owner === owner());
  if (all.length > mine.length && !form.elements.others) {
    // Another person's answers stay until that person signs in: the server then leaves this storage alone.
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name: "others", value: "wait" });
    form.append(field);
  }
  if (!mine.length) { await go(); return; }
  const note = document.createElement("div");
  note.className = "note bad";
  note.setAttribute("role", "alert");
  note.tabIndex = -1;
  const line = document.createElement("p");
  line.textContent = mine.length === 1 ? word("loseOne") : word("lose", { n: mine.length });
  note.append(line, button(word("signOutAnyway"), go));
  form.querySelector("[role=alert]")?.remove();
  form.append(note);
  note.focus();
}

// What the reader said of this device: true, false, or undefined. It holds until they sign out.
async function isMine() {
  const said = await store.fact("mine");
  return said?.owner === owner() ? said.mine : undefined;
}

// Only on a device that its reader calls their own: the next person at a shared one could read these pages with the
// network unplugged. Asked once, below the page.
async function offer() {
  const main = document.getElementById("main");
  if (!owner() || keptAt() || !/\/module\//.test(location.pathname) || (await isMine()) !== undefined) return;
  // Nothing that is on the screen may move: on a short page it is not asked. Looked at and added within one frame, so that the
  // reader cannot have scrolled between the two.
  requestAnimationFrame(() => {
    const foot = document.querySelector("footer");
    if (main.querySelector(".offer") || (foot && foot.getBoundingClientRect().top < innerHeight)) return;
    // In the column of the text, where the page has one.
    (main.querySelector(".lesson") ?? main).append(offerBox(main));
  });
}

function offerBox(main) {
  const box = document.createElement("section");
  box.className = "offer";
  box.setAttribute("aria-label", word("offerTitle"));
  const line = document.createElement("p");
  line.textContent = word("offer");
  const choose = async (mine) => {
    await store.setFact("mine", { owner: owner(), mine });
    box.remove();
    main.focus();
    say(mine ? word("keeping") : word("notKeeping"));
    if (mine) await keepModule();
  };
  const row = document.createElement("p");
  row.className = "actions";
  row.append(button(word("mine"), () => choose(true)), button(word("shared"), () => choose(false)));
  box.append(line, row);
  return box;
}

async function keepModule() {
  const me = owner();
  if (!me || keptAt() || !(await isMine())) return;
  const before = await store.fact("list");
  if (before?.owner === me && Date.now() - before.at < FRESH && before.addresses.includes(shown())) return;
  const list = await fetch(word("list"), { cache: "no-store" }).then((answer) => (answer.ok ? answer.json() : null)).catch(() => null);
  if (list?.owner !== me) return;
  await store.setFact("list", { ...list, at: Date.now() });
  const cache = await caches.open(store.pagesOf(me));
  for (const request of await cache.keys()) {
    const { pathname, search } = new URL(request.url);
    if (!list.addresses.includes(pathname + search)) await cache.delete(request);
  }
  for (const address of list.addresses) {
    // As data: the service worker looks at pages that are shown.
    const answer = await fetch(address, { priority: "low" }).catch(() => null);
    if (answer?.ok && !answer.redirected) await store.keepPage(me, address, await answer.text(), answer.headers);
  }
}

// The page "Offline": what is kept, what waits, and the choice.
async function describeDevice() {
  const place = document.querySelector("[data-device]");
  if (!place) return;
  const me = owner() || (await store.fact("owner"));
  const parts = [];
  const items = me ? await store.waiting(me) : [];
  if (items.length) parts.push(list(word("waiting"), items.map((item) => [item.address, item.words ? `${item.title}: ${item.words}` : item.title])));
  const pages = me && (await caches.has(store.pagesOf(me))) ? await (await caches.open(store.pagesOf(me))).keys() : [];
  const titles = await Promise.all(pages.map(async (request) => {
    const text = await (await caches.match(request, { cacheName: store.pagesOf(me) })).text();
    return [new URL(request.url).pathname, titleOf(new DOMParser().parseFromString(text, "text/html").title)];
  }));
  if (titles.length) parts.push(list(word("keptPages"), titles));
  if (owner()) {
    const mine = await isMine();
    parts.push(button(mine ? word("stopKeeping") : word("mine"), async () => {
      await store.setFact("mine", { owner: owner(), mine: !mine });
      if (mine) { await store.dropPages(""); await store.setFact("list", undefined); } else await keepModule();
      say(mine ? word("notKeeping") : word("keeping"));
      await describeDevice();
    }));
  }
  place.replaceChildren(...parts);
}

function list(title, entries) {
  const box = document.createElement("section"), heading = document.createElement("h2"), all = document.createElement("ul");
  heading.textContent = title;
  for (const [address, text] of entries) {
    const entry = document.createElement("li"), link = document.createElement("a");
    link.href = address;
    link.textContent = text;
    entry.append(link);
    all.append(entry);
  }
  box.append(heading, all);
  return box;
}

addEventListener("course:page", start);
addEventListener("submit", beforeSignOut);
addEventListener("online", send);
if (self.BroadcastChannel) new BroadcastChannel("course").addEventListener("message", ({ data }) => settle(data));
addEventListener("load", async () => {
  if (!able) return;
  // The service worker asks whose numbers it keeps.
  await checkOwner().catch(() => null);
  await navigator.serviceWorker.register(word("worker")).catch(() => null);
  navigator.serviceWorker.ready.then(({ active }) => active?.postMessage("refresh"));
}, { once: true });
start();
