// A list with tick boxes: one box that ticks all rows of the page, and how many are ticked.
const form = document.querySelector("[data-choose]");
const boxes = form ? [...document.querySelectorAll(`input[type=checkbox][form="${form.id}"]`)] : [];
const scope = form && form.querySelector("select[name=all]");
if (boxes.length && scope) {
  const words = scope.options[0].textContent;
  const heading = boxes[0].closest("table").querySelector("th");
  const label = document.createElement("label"), every = document.createElement("input");
  label.className = "pick";
  every.type = "checkbox";
  every.setAttribute("aria-label", form.dataset.choose);
  label.append(every);
  heading.prepend(label, " ");
  const count = () => {
    const ticked = boxes.filter((box) => box.checked).length;
    scope.options[0].textContent = ticked ? `${words} (${ticked})` : words;
    every.checked = ticked === boxes.length;
    every.indeterminate = ticked > 0 && ticked < boxes.length;
    if (ticked) scope.value = "";
  };
  every.addEventListener("change", () => {
    boxes.forEach((box) => { box.checked = every.checked; });
    count();
  });
  boxes.forEach((box) => box.addEventListener("change", count));
  count();
}
