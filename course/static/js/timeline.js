// An answered timeline is told one moment after another: each comes up as it is scrolled into view. All are in the page from
// the start, to be read in order, found and printed. With reduced motion, and when somebody comes back, nothing moves.
export function start(root = document) {
  const list = root.querySelector("[data-in-turn]:not([data-ready])");
  if (!list) return;
  list.dataset.ready = "";
  if (matchMedia("(prefers-reduced-motion: reduce)").matches || history.state?.seen === location.pathname) return;
  history.replaceState({ ...history.state, seen: location.pathname }, "");
  const watch = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      target.classList.add("rises");
      watch.unobserve(target);
    }
  }, { threshold: 0.1 });
  for (const moment of list.querySelectorAll(".moment")) watch.observe(moment);
}
start();
addEventListener("course:page", () => start());
