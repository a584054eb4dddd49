// A private note is kept while it is written: leaving the page by a link or closing it loses nothing. Without a network
// it waits on this device (store.js). Without this, "Keep my note" and "Next" keep it.
import "./store.js";
import { owner, titleOf, word } from "./notice.js";

const store = globalThis.courseStore;

/** Set up the notes of a page. */
export function start(root) {
  for (const note of root.querySelectorAll("textarea[name^=note-]:not([data-ready])")) setUp(note);
}

function setUp(note) {
  note.dataset.ready = "";
  const id = note.name.slice("note-".length);
  const form = note.form;
  const before = form.elements[`was-${id}`];
  const button = note.closest("section")?.querySelector("button[name=stay]") ?? form.querySelector(`button[name=stay][value="${id}"]`);
  const status = button.parentElement.querySelector("[role=status]") ?? document.createElement("span");
  status.setAttribute("role", "status");
  button.after(" ", status);
  const { pathname, search } = new URL(form.getAttribute("action") || location.href, location.href);
  const address = pathname + search;
  let waiting, held = false;

  // What is kept on the device is shown again, with the text that it began with.
  const restore = async () => {
    const fields = (await store.waiting(owner(), address)).filter((item) => !item.words).map((item) => new Map(item.fields)).find((all) => all.has(note.name));
    if (!fields || note.value !== before.value) return;
    held = true;
    note.value = fields.get(note.name);
    note.closest("details")?.setAttribute("open", "");
    status.textContent = word("noteWaits");
  };

  const wait = async (text) => {
    const fields = [[note.name, text], [before.name, before.value], ["stay", id]];
    try {
      await store.keep({ owner: owner(), address, fields, title: titleOf(document.title) });
      held = true;
      status.textContent = word("noteWaits");
      (await navigator.serviceWorker?.getRegistration())?.sync?.register("send").catch(() => null);
    } catch {
      status.textContent = word("noteLost");
    }
  };

  const keep = async () => {
    clearTimeout(waiting);
    const text = note.value;
    if (!note.isConnected || text === before.value) return;
    if (held) {
      // A text of this note waits already: it is replaced, and sent from there.
      await wait(text);
      if (navigator.onLine) await store.send(word("who"));
      return;
    }
    const fields = new URLSearchParams({ csrf_token: form.elements.csrf_token.value, [note.name]: text, [before.name]: before.value, stay: id });
    const answer = await fetch(address, { method: "POST", body: fields, redirect: "manual", keepalive: true }).catch(() => null);
    if (!answer) { await wait(text); return; }
    if (answer.type !== "opaqueredirect") { status.textContent = word("noteLost"); return; }
    before.value = text;
    status.textContent = word("noteKept");
  };

  const sent = ({ detail }) => {
    for (const item of detail.filter((one) => one.address === address && !one.words)) {
      const fields = new Map(item.fields);
      if (!fields.has(note.name)) continue;
      before.value = fields.get(note.name);
      held = false;
      status.textContent = note.value === before.value ? word("noteKept") : "";
    }
  };
  document.addEventListener("course:sent", sent);
  note.addEventListener("input", () => { status.textContent = ""; clearTimeout(waiting); waiting = setTimeout(keep, 1500); });
  note.addEventListener("change", keep);
  addEventListener("pagehide", keep);
  restore();
}

start(document);
