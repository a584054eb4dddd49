// Lines that are to be put in order are dragged by a handle (mouse, pen, finger), moved by two buttons, or by the arrow
// keys on the handle. Without this the place of each line is chosen from a list; the same fields are sent either way.
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const DOTS = '<svg viewBox="0 0 20 20" aria-hidden="true"><path d="M6 3h3v3H6zM11 3h3v3h-3zM6 8.5h3v3H6zM11 8.5h3v3h-3zM6 14h3v3H6zM11 14h3v3h-3z"/></svg>';
const UP = '<svg viewBox="0 0 20 20" aria-hidden="true"><path d="M10 16V4M5 9l5-5 5 5"/></svg>';
const DOWN = '<svg viewBox="0 0 20 20" aria-hidden="true"><path d="M10 4v12M5 11l5 5 5-5"/></svg>';
const fill = (pattern, words) => pattern.replace(/\{(\w+)\}/g, (_, name) => words[name]);

function enhance(list) {
  const say = list.dataset;
  const status = document.createElement("p");
  status.className = "hide";
  status.setAttribute("role", "status");
  list.after(status);
  const items = () => [...list.children];
  const select = (item) => item.querySelector("select");
  const words = (item) => item.querySelector(".words").textContent.trim();
  // The fields that are sent; and at the ends there is nothing to press.
  const number = () => items().forEach((item, i, all) => {
    select(item).value = String(i + 1);
    item.querySelectorAll(".move button").forEach((arrow, down) => arrow.setAttribute("aria-disabled", String(down ? i === all.length - 1 : i === 0)));
  });
  const announce = (item) => {
    const at = items().indexOf(item);
    const place = say.places.split("|")[at] ?? fill(say.place, { number: at + 1 });
    status.textContent = fill(say.now, { text: words(item), place });
  };
  // The other line moves, not this one: an element that is taken out of the page loses the focus and the pointer.
  const step = (item, by) => {
    const other = by < 0 ? item.previousElementSibling : item.nextElementSibling;
    if (!other) return false;
    const from = other.getBoundingClientRect().top;
    if (by < 0) item.after(other); else item.before(other);
    const way = from - other.getBoundingClientRect().top;
    if (!calm.matches) other.animate([{ transform: `translateY(${way}px)` }, { transform: "none" }], { duration: 140, easing: "ease-out" });
    number();
    return true;
  };
  const move = (item, by, times = 1) => {
    let moved = 0;
    while (moved < times && step(item, by)) moved += 1;
    announce(item);
    item.scrollIntoView({ block: "nearest" });
  };
  const button = (name, html, label) => {
    const made = document.createElement("button");
    made.type = "button";
    made.className = name;
    made.innerHTML = html;
    made.setAttribute("aria-label", label);
    return made;
  };
  const drag = (item, handle) => {
    let before = null;
    const end = () => {
      if (!before) return;
      if (before.indexOf(item) !== items().indexOf(item)) announce(item);
      before = null;
      item.classList.remove("dragged");
    };
    handle.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      event.preventDefault();
      handle.focus();
      handle.setPointerCapture(event.pointerId);
      before = items();
      item.classList.add("dragged");
    });
    handle.addEventListener("pointermove", ({ clientY }) => {
      if (!before) return;
      // A little past its middle, so that a line that is dropped on another one takes its place.
      // By the layout, not by what is seen: a line that has just moved is still on its way.
      const past = (other, share) => list.getBoundingClientRect().top + other.offsetTop - list.offsetTop + other.offsetHeight * share;
      for (let above = item.previousElementSibling; above && clientY < past(above, .6) && step(item, -1);) above = item.previousElementSibling;
      for (let below = item.nextElementSibling; below && clientY > past(below, .4) && step(item, 1);) below = item.nextElementSibling;
      if (clientY < 60) scrollBy(0, -12); else if (clientY > innerHeight - 60) scrollBy(0, 12);
    });
    handle.addEventListener("pointerup", end);
    handle.addEventListener("pointercancel", end);
    handle.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !before) return;
      const order = before;
      end();
      list.append(...order);
      number();
      announce(item);
      handle.focus();
    });
  };
  // What was chosen before a mistake was pointed out stays as it was.
  if (items().every((item) => select(item).value)) list.append(...items().sort((a, b) => select(a).value - select(b).value));
  for (const item of items()) {
    const text = words(item);
    const handle = button("handle", DOTS, fill(say.handle, { text }));
    const keys = { ArrowUp: [-1, 1], ArrowDown: [1, 1], Home: [-1, 99], End: [1, 99] };
    handle.addEventListener("keydown", (event) => {
      const way = keys[event.key];
      if (!way || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      move(item, ...way);
    });
    drag(item, handle);
    const box = document.createElement("span");
    box.className = "move";
    for (const [by, html, pattern] of [[-1, UP, say.up], [1, DOWN, say.down]]) {
      const arrow = button("", html, fill(pattern, { text }));
      arrow.addEventListener("click", () => { move(item, by); arrow.focus(); });
      box.append(arrow);
    }
    select(item).hidden = true;
    item.querySelector(".placed").prepend(handle);
    item.querySelector(".placed").append(box);
  }
  list.classList.add("moves");
  number();
  const hint = list.closest("fieldset").querySelector("[data-moved]");
  if (hint) hint.textContent = hint.dataset.moved;
}

export function start(root = document) {
  for (const list of root.querySelectorAll(".ordering:not(.moves)")) enhance(list);
}
start();
addEventListener("course:page", () => start());
