// Words of the course for scripts, and the one place in which scripts say something.
const words = () => document.getElementById("device")?.dataset ?? {};

/** A sentence from the page, in its language: word("kept", { n: 2 }) puts 2 in the place of {n}. */
export const word = (name, values = {}) => Object.entries(values).reduce((text, [key, value]) => text.replaceAll(`{${key}}`, value), words()[name] ?? "");

/** The title of a page without the name of the organisation. */
export const titleOf = (text) => text.split(" – ").slice(0, -1).join(" – ") || text;

/** The opaque id of the person for whom this page was made; empty if nobody is signed in. */
export const owner = () => document.querySelector("meta[name=owner]")?.content ?? "";

/** Say something at the top of the page, on the screen and to screen readers. `more` are elements that follow it. */
export function say(text, ...more) {
  let box = document.getElementById("said");
  if (!box) {
    box = document.createElement("div");
    box.id = "said";
    box.setAttribute("role", "status");
    document.getElementById("main")?.before(box);
  }
  // Filled a moment after it exists: a screen reader says what changes.
  setTimeout(() => {
    const line = document.createElement("p");
    line.append(text, ...more.flatMap((item) => [" ", item]));
    box.replaceChildren(line);
  }, 60);
}

/** A small button for such a line. */
export function button(text, pressed) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "button quiet";
  made.textContent = text;
  made.addEventListener("click", pressed);
  return made;
}
