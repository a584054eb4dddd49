// An answered timeline is told one moment after another. Without this, with reduced motion, and when somebody comes back
// to the page, all moments are there at once.
export function start(root = document) {
  const list = root.querySelector("[data-in-turn]:not([data-ready])");
  if (!list) return;
  list.dataset.ready = "";
  if (matchMedia("(prefers-reduced-motion: reduce)").matches || history.state?.seen === location.pathname) return;
  const buttons = root.querySelector("[data-in-turn-buttons]");
  const end = root.querySelector("[data-in-turn-end]");
  const rows = [...list.children];
  const moments = rows.filter((row) => row.classList.contains("moment"));
  let shown = 0;
  const update = () => {
    const last = rows.indexOf(moments[shown]);
    rows.forEach((row, i) => { row.hidden = i > last; });
    const all = shown === moments.length - 1;
    buttons.hidden = all;
    end.hidden = !all;
    if (all) history.replaceState({ ...history.state, seen: location.pathname }, "");
  };
  // The focus goes to the moment, so that it is read out, and the button comes next.
  const show = (moment) => {
    const told = moment.querySelector(".told");
    moment.classList.add("rises");
    told.tabIndex = -1;
    told.focus({ preventScroll: true });
    told.scrollIntoView({ block: "center", behavior: "smooth" });
  };
  buttons.querySelector("[data-next]").addEventListener("click", () => { shown += 1; update(); show(moments[shown]); });
  buttons.querySelector("[data-all]").addEventListener("click", () => {
    const first = moments[shown + 1];
    shown = moments.length - 1;
    update();
    show(first);
  });
  update();
}
start();
addEventListener("course:page", () => start());
