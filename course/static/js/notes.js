// A private note is kept while it is written: whoever leaves the page by a link or closes it loses nothing.
// Without this, "Keep my note" and "Next" keep it.
for (const note of document.querySelectorAll("textarea[name^=note-]")) {
  const id = note.name.slice("note-".length);
  const form = note.form;
  const before = form.elements[`was-${id}`];
  const button = note.closest("section").querySelector("button[name=stay]");
  const status = button.parentElement.querySelector("[role=status]") ?? document.createElement("span");
  status.setAttribute("role", "status");
  button.after(" ", status);
  let waiting;
  const keep = async () => {
    clearTimeout(waiting);
    const text = note.value;
    if (text === before.value) return;
    const fields = new URLSearchParams({ csrf_token: form.elements.csrf_token.value, [note.name]: text, [before.name]: before.value, stay: id });
    const answer = await fetch(form.action, { method: "POST", body: fields, redirect: "manual", keepalive: true }).catch(() => null);
    if (answer?.type !== "opaqueredirect") { status.textContent = "Your note is not kept yet."; return; }
    before.value = text;
    status.textContent = "Your note is kept.";
  };
  note.addEventListener("input", () => { status.textContent = ""; clearTimeout(waiting); waiting = setTimeout(keep, 1500); });
  note.addEventListener("change", keep);
  addEventListener("pagehide", keep);
}
