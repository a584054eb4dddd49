// Answers and "Next" without leaving the page: what the server returns takes the place of what is shown.
// It does what the browser would do, and leaves to the browser whatever it does not know. Without it nothing is lost.
import "./store.js";
import { owner, say, titleOf, word } from "./notice.js";

const store = globalThis.courseStore;
// Seconds after which no answer counts as no network: sending it again does no harm.
const SECONDS = 20;
// What may wait on the device: answers, decisions, and lesson pages with their notes. Beginning something may not.
const KEEPABLE = [/\/attempt\/\d+\/\d+$/, /\/run\/\d+$/];
const LESSON = /^(then|answer|note-.*)$/;
const keepable = (address, fields) => KEEPABLE.some((kind) => kind.test(address)) || (address.includes("/module/") && fields.some(([name]) => LESSON.test(name)));
/** The forms that this script sends: those marked themselves, and those in a part of the page that is. */
export const FORMS = "form[data-in-place], [data-in-place] form";
let busy = false, times = 0;
let shown = location.pathname + location.search;

const sheets = (page) => [...page.querySelectorAll("link[rel=stylesheet]")].map((link) => link.getAttribute("href")).join();
// The header asks for the page that follows a form itself, and not for a redirect to it: one request instead of two.
const ask = (address, options = {}) => fetch(address, {
  ...options, headers: { accept: "text/html", "x-in-place": "1" }, signal: AbortSignal.timeout?.(SECONDS * 1000),
});
const placeOf = (answer) => new URL(answer.headers.get("content-location") ?? answer.url, location.href).href;

// Not form.action: a field may have that name.
const actionOf = (form) => new URL(form.getAttribute("action") || location.href, location.href);

/** The address of a form as the queue names it. */
export const addressOf = (form) => actionOf(form).pathname + actionOf(form).search;

// Loaded before the page is exchanged, and run in the same moment, so that nothing moves after it is seen. A script that
// does not export `start` knows only how to run from the beginning.
const load = (page) => Promise.all([...page.querySelectorAll("script[type=module][src]:not([data-once])")].map(
  async (script) => [script.src, (await import(script.src)).start],
));

function runScripts(loaded) {
  for (const [src, start] of loaded) {
    if (start) start(document);
    else import(`${src}?${++times}`);
  }
  dispatchEvent(new Event("course:page"));
}

function aim() {
  const main = document.getElementById("main");
  const sent = new URLSearchParams(location.search);
  const kept = sent.get("kept"); // the note that was just kept
  const inside = sent.has("answered") ? main.querySelector(".ask-you.answered") : kept && document.getElementById(`reflect-${kept}`);
  const target = inside || (["[data-focus]", "[role=alert]", "h1"].map((which) => main.querySelector(which)).find(Boolean) ?? main);
  if (target.tabIndex < 0 && !target.hasAttribute("tabindex")) target.setAttribute("tabindex", "-1");
  scrollTo({ top: 0, behavior: "instant" });
  target.focus({ preventScroll: true });
  // A question within a lesson is looked at where it is.
  if (inside) inside.scrollIntoView({ block: "start", behavior: "instant" });
  else if (target.getBoundingClientRect().top > innerHeight * 0.8) target.scrollIntoView({ block: "center", behavior: "instant" });
}

/** Show a page in place; false if the browser has to load it itself. */
async function show(text, address) {
  const page = new DOMParser().parseFromString(text, "text/html");
  const fits = page.getElementById("main") && sheets(page) === sheets(document)
    && page.querySelector("meta[name=owner]")?.content === document.querySelector("meta[name=owner]")?.content;
  if (!fits) return false;
  const url = new URL(address);
  const path = url.pathname + url.search;
  const loaded = await load(page).catch(() => null);
  if (!loaded) return false;
  const swap = () => {
    document.title = page.title;
    document.documentElement.lang = page.documentElement.lang;
    if (page.documentElement.dataset.kept) document.documentElement.dataset.kept = page.documentElement.dataset.kept;
    else delete document.documentElement.dataset.kept;
    document.body.className = page.body.className;
    document.body.replaceChildren(...page.body.childNodes);
    if (path === shown) history.replaceState(history.state, "", path);
    else history.pushState({}, "", path);
    shown = path;
    runScripts(loaded);
    aim();
  };
  if (document.startViewTransition && !matchMedia("(prefers-reduced-motion: reduce)").matches && document.visibilityState === "visible") {
    const change = document.startViewTransition(swap);
    change.ready.catch(() => null);
    change.finished.catch(() => null);
    await change.updateCallbackDone;
  } else swap();
  return true;
}

function pending(target, on) {
  busy = on;
  if (on) target.closest("form, main")?.setAttribute("aria-busy", "true");
  else target.closest("form, main")?.removeAttribute("aria-busy");
  target.classList.toggle("is-sending", on);
}

// A page that is kept for reading offline is kept as it is now.
async function keepShown(text, answer) {
  if (self.caches && !document.documentElement.dataset.kept) await store.keepPage(owner(), shown, text, answer.headers).catch(() => null);
}

/** Show a page of the course by its address. */
export async function visit(address, pressed) {
  if (busy) return;
  const target = pressed ?? document.body;
  pending(target, true);
  try {
    const answer = await ask(address);
    const text = await answer.text();
    if (!answer.ok || !(await show(text, answer.url))) location.assign(answer.url);
    // Not waited for: until this ends, a press would do nothing.
    else keepShown(text, answer);
  } catch {
    // The page that was kept, or the browser's own words.
    location.assign(address);
  } finally {
    pending(target, false);
  }
}

/** Mark a form whose answer waits: nothing of it is lost, and nothing of it is asked again. */
export function markWaiting(form) {
  if (form.classList.contains("is-waiting")) return;
  form.classList.add("is-waiting");
  // A lesson is read on; an answer is given, and what was wrong before is not said beside it any more.
  if (!form.matches(".lesson")) for (const field of form.elements) {
    field.disabled = true;
    field.removeAttribute("aria-invalid");
  }
  for (const words of form.querySelectorAll("#mistakes,.mistake,#sureness-pressed")) words.remove();
  const note = document.createElement("p");
  note.className = "waiting";
  note.tabIndex = -1;
  note.setAttribute("role", "status");
  const more = document.createElement("a");
  more.href = word("page");
  more.textContent = word("readNow");
  note.append(word(matchMedia("(pointer: coarse)").matches ? "keptPhone" : "kept"), " ", more);
  form.append(note);
  return note;
}

async function keep(form, fields) {
  const address = addressOf(form);
  if (!owner() || !keepable(address, fields)) { say(word("notSent")); return; }
  const sent = fields.filter(([name]) => name !== "csrf_token" && name !== "form_key");
  // The title of a page with a question says what was wrong, or what came of the question before.
  const said = titleOf(document.title), title = form.dataset.title ?? said;
  try {
    await store.keep({ owner: owner(), address, fields: sent, title });
    document.title = document.title.replace(said, title);
  } catch {
    say(word("notSent"));
    return;
  }
  const onward = form.matches(".lesson") && document.querySelector(".rail [aria-current=step]")?.closest("li").nextElementSibling?.querySelector("a")?.href;
  pending(form, false);
  if (onward && fields.some(([name]) => name === "then") && navigator.serviceWorker?.controller) {
    await visit(onward);
    say(word("kept"));
    askToSend();
    return;
  }
  const note = markWaiting(form);
  note?.focus();
  note?.scrollIntoView({ block: "nearest" });
  askToSend();
}

// Once the page shows that the answer waits: the service worker may send it at once.
function askToSend() {
  setTimeout(async () => {
    await (await navigator.serviceWorker?.getRegistration())?.sync?.register("send").catch(() => null);
  }, 100);
}

function leaveToBrowser(form, button) {
  if (button?.name) {
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name: button.name, value: button.value });
    form.append(field);
  }
  HTMLFormElement.prototype.submit.call(form);
}

async function send(form, button) {
  const pressed = button ?? form;
  const fields = [...new FormData(form)];
  if (button?.name) fields.push([button.name, button.value]);
  pending(pressed, true);
  try {
    let answer, text;
    try {
      answer = await ask(actionOf(form), { method: "POST", body: new URLSearchParams(fields) });
      text = await answer.text();
    } catch {
      return await keep(form, fields);
    }
    if (answer.status === 502 || answer.status === 504) return await keep(form, fields);
    const understood = answer.ok || answer.status === 422;
    const place = placeOf(answer);
    if (understood && (await show(text, place))) {
      if (answer.ok) keepShown(text, answer);
    } else if (answer.ok && (answer.redirected || place !== answer.url)) location.assign(place);
    else leaveToBrowser(form, button);
  } finally {
    pending(pressed, false);
  }
}

// Enter in an answer sends nothing.
addEventListener("keydown", (event) => { if (event.key === "Enter" && event.target.matches?.("#question input")) event.preventDefault(); });
addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || !form.matches(FORMS) || form.getAttribute("method") !== "post") return;
  event.preventDefault();
  if (!busy) send(form, event.submitter);
});
addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-in-place], [data-in-place] a.button");
  if (!link || link.origin !== location.origin || link.target || link.hasAttribute("download") || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  visit(link.href, link);
});
addEventListener("popstate", () => { if (location.pathname + location.search !== shown) location.reload(); });
