// What this device keeps: answers that wait to be sent, the pages of the module under way, and whose they are.
// Pages load it as a module, the service worker as a plain script; so it exports by one global name.
globalThis.courseStore = (() => {
  const opened = () => new Promise((resolve, reject) => {
    const request = indexedDB.open("course", 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("waiting", { keyPath: "id", autoIncrement: true });
      request.result.createObjectStore("facts");
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const within = async (store, mode, work) => {
    const database = await opened();
    try {
      return await new Promise((resolve, reject) => {
        const transaction = database.transaction(store, mode, { durability: "strict" });
        const request = work(transaction.objectStore(store));
        transaction.oncomplete = () => resolve(request?.result);
        transaction.onerror = transaction.onabort = () => reject(transaction.error);
      });
    } finally {
      database.close();
    }
  };
  const fact = (name) => within("facts", "readonly", (store) => store.get(name)).catch(() => undefined);
  const setFact = (name, value) => within("facts", "readwrite", (store) => store.put(value, name)).catch(() => undefined);
  const remove = (id) => within("waiting", "readwrite", (store) => store.delete(id));

  /** What waits, oldest first; of one person and one address if they are named. */
  const waiting = async (owner, address) => {
    const all = await within("waiting", "readonly", (store) => store.getAll()).catch(() => []);
    return all.filter((item) => (!owner || item.owner === owner) && (!address || item.address === address));
  };

  // A lesson page is sent with its notes: texts that waited for it before are replaced, but the text that the page was
  // opened with stays the one that the server compares, and a page that was read stays read.
  const joined = (before, fields) => {
    const old = new Map(before), now = new Map(fields);
    for (const [name, value] of old) {
      if (name.startsWith("was-") || !now.has(name)) now.set(name, value);
    }
    if (!old.has("stay") || !new Map(fields).has("stay")) now.delete("stay");
    return [...now];
  };

  /** Keep an answer: { owner, address, fields, title }. There is one for each address; a later one replaces it. Returns it. */
  const keep = async (item) => {
    const before = (await waiting(item.owner, item.address)).filter((other) => !other.words);
    const fields = item.address.includes("/module/") ? before.reduce((now, other) => joined(other.fields, now), item.fields) : item.fields;
    const kept = { ...item, fields, client: `${Date.now()}-${Math.random().toString(36).slice(2)}`, at: new Date().toISOString() };
    kept.id = await within("waiting", "readwrite", (store) => {
      for (const other of before) store.delete(other.id);
      return store.add(kept);
    });
    return kept;
  };

  // Sent under a lock, so that two windows and the service worker do not send the same answer at once. The server names the
  // person who is signed in now, with a fresh token: an answer of anybody else stays where it is.
  const sendAll = async (who) => {
    const done = [];
    const items = (await waiting()).filter((item) => !item.words);
    if (!items.length) return done;
    const soon = () => AbortSignal.timeout?.(20000);
    const now = await fetch(who, { cache: "no-store", signal: soon() }).then((answer) => (answer.ok ? answer.json() : null)).catch(() => null);
    for (const item of items) {
      if (!now?.owner || item.owner !== now.owner) continue;
      const body = new URLSearchParams([...item.fields, ["csrf_token", now.token]]);
      const answer = await fetch(item.address, { method: "POST", body, headers: { "Course-Kept": item.owner }, signal: soon() }).catch(() => null);
      const result = await answer?.json().catch(() => null);
      if (!result) break; // no network, or no answer of the course: later
      if (result.later) break;
      if (result.saved && !result.words) await remove(item.id);
      else await within("waiting", "readwrite", (store) => store.put({ ...item, words: result.words }));
      done.push({ ...item, words: result.words });
    }
    if (done.length && self.BroadcastChannel) {
      const channel = new BroadcastChannel("course");
      channel.postMessage(done);
      channel.close();
    }
    return done;
  };

  /** Send what waits. Returns the items that the course has answered for; those with `words` were not recorded. */
  const send = (who) => (navigator.locks ? navigator.locks.request("course-send", () => sendAll(who)) : sendAll(who));

  const pagesOf = (owner) => `pages-${owner}`;

  /** Keep a page for reading offline, if it was made for this person, is one of those to be kept, and is in the language of all
   * others. */
  const keepPage = async (owner, address, text, headers) => {
    const list = await fact("list");
    if (!owner || list?.owner !== owner || !list.addresses.includes(address) || !text.includes(`name="owner" content="${owner}"`)) return;
    const language = await fact("language");
    if (language && !text.includes(`<html lang="${language}"`)) return;
    await (await caches.open(pagesOf(owner))).put(address, stamped(text, headers));
  };

  /** A response as it is kept: with the headers of the server, its security policy above all, and the time. */
  const stamped = (text, before) => {
    const headers = new Headers(before);
    headers.delete("Content-Encoding");
    headers.delete("Content-Length");
    headers.set("Course-Kept-At", new Date().toISOString());
    return new Response(text, { headers });
  };

  /** Delete every page that is kept for anybody but this person. */
  const dropPages = async (owner) => {
    if (!self.caches) return;
    for (const name of await caches.keys()) if (name.startsWith("pages-") && name !== pagesOf(owner)) await caches.delete(name);
  };

  /** Forget who was signed in: pages, choices, and what waits for this person, or for whoever came last. What waits for others
   * stays theirs: a window may have been open since somebody else was signed in. */
  const forget = async (person) => {
    const owner = person || (await fact("owner"));
    await dropPages("");
    for (const item of owner ? await waiting(owner) : []) await remove(item.id);
    await within("facts", "readwrite", (store) => store.clear()).catch(() => undefined);
  };

  return { fact, setFact, waiting, keep, remove, send, keepPage, stamped, pagesOf, dropPages, forget };
})();
