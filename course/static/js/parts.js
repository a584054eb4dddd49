// An answer that is put together from parts is shown as it grows, below the parts. Without this the
// learner sees it after the answer; the same fields are sent either way.
export function start(root = document) {
  const shown = root.querySelector("[data-assembled][hidden]");
  if (!shown) return;
  const lines = [...shown.querySelectorAll("[data-line]")];
  const update = () => lines.forEach((line) => { line.hidden = !document.getElementById(line.dataset.line)?.checked; });
  shown.hidden = false;
  shown.closest("form").addEventListener("change", update);
  // A browser may put the choices back after this has run, when the learner comes back to the page.
  addEventListener("pageshow", update);
  update();
}
start();
addEventListener("course:page", () => start());
