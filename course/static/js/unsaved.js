// Whoever leaves a page with a text that was typed and not sent is asked first: "Back" would find the field empty,
// because pages of a person are not kept by the browser. Private notes are kept while they are written (notes.js).
const typed = new Set();
addEventListener("input", ({ target }) => {
  const text = target.matches("textarea:not([name^=note-]), input:is([type=text], [type=email], [type=tel], [type=number], [type=date])");
  if (text && target.form?.method === "post") typed.add(target.form);
});
addEventListener("submit", () => typed.clear());
addEventListener("beforeunload", (event) => { if ([...typed].some((form) => form.isConnected)) event.preventDefault(); });
