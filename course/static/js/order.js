// Lines that are to be put in order get buttons to move them up and down. Without this the learner
// chooses each line's place from a list; the same fields are sent either way.
const list = document.querySelector(".ordering");
if (list) {
  const status = document.createElement("p");
  status.className = "hidden";
  status.setAttribute("role", "status");
  list.after(status);
  const number = () => [...list.children].forEach((item, i) => { item.querySelector("select").value = String(i + 1); });
  const move = (item, step) => {
    const other = step < 0 ? item.previousElementSibling : item.nextElementSibling;
    if (!other) return;
    if (step < 0) other.before(item); else other.after(item);
    number();
    status.textContent = `${item.querySelector("span").textContent}: place ${[...list.children].indexOf(item) + 1}`;
  };
  // What was chosen before a mistake was pointed out stays as it was.
  const chosen = [...list.children].every((item) => item.querySelector("select").value);
  if (chosen) [...list.children].sort((a, b) => a.querySelector("select").value - b.querySelector("select").value).forEach((item) => list.append(item));
  for (const item of list.children) {
    const select = item.querySelector("select");
    const words = item.querySelector("span").textContent.trim();
    const box = document.createElement("span");
    box.className = "move";
    for (const [step, sign, name] of [[-1, "↑", "up"], [1, "↓", "down"]]) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = sign;
      button.setAttribute("aria-label", `Move ${name}: ${words}`);
      button.addEventListener("click", () => { move(item, step); button.focus(); });
      box.append(button);
    }
    select.hidden = true;
    item.prepend(box);
  }
  number();
  const hint = list.previousElementSibling;
  if (hint?.classList.contains("hint")) hint.textContent = "Move the lines with the arrows until the first thing to do is on top.";
}
