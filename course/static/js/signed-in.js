// On every page of somebody who is signed in.

// Whoever leaves a page with a text that was typed and not sent is asked first: "Back" would find the field empty,
// because pages of a person are not kept by the browser. Private notes are kept while they are written (notes.js).
const typed = new Set();
addEventListener("input", ({ target }) => {
  const text = target.matches("textarea:not([name^=note-]), input:is([type=text], [type=email], [type=tel], [type=number], [type=date])");
  if (text && target.form?.method === "post") typed.add(target.form);
});
addEventListener("submit", () => typed.clear());
addEventListener("beforeunload", (event) => { if ([...typed].some((form) => form.isConnected)) event.preventDefault(); });

// The menu closes by Escape, and when the focus leaves it: it would lie over what has the focus then.
for (const kind of ["keydown", "focusin"]) addEventListener(kind, ({ key, target }) => {
  const menu = document.querySelector(".me[open]");
  if (!menu || (key ? key !== "Escape" : menu.contains(target))) return;
  menu.open = false;
  if (key) menu.firstElementChild.focus();
});
