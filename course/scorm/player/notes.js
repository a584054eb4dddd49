// The learner's own notes on a page, kept with everything else as long as there is room.
import { fill } from "./answers.js";
import { roomForNotes, sizeOfNotes } from "./state.js";

const PAUSE = 1500; // milliseconds after the last key
let waiting = null, write = null;

/** Keep what was written last, if it is not kept yet. */
export function flush() {
  clearTimeout(waiting);
  waiting = null;
  write?.();
  write = null;
}

/** Put the field of each note into the page `ref` that is shown in `main`, with what is kept of it; `keep` tells the platform. */
export function startNotes(main, course, state, ref, keep) {
  const room = roomForNotes(course), words = course.words.note;
  for (const template of main.querySelectorAll("template[data-note]")) {
    const id = `${ref}/${template.dataset.note}`;
    template.replaceWith(template.content.cloneNode(true));
    const field = main.querySelector(`#note-${template.dataset.note}`);
    const said = field.parentElement.querySelector("[role=status]");
    field.value = state.notes[id] ?? "";
    if (field.value) field.closest("details").open = true;
    field.addEventListener("input", () => {
      const size = sizeOfNotes({ ...state.notes, [id]: field.value });
      clearTimeout(waiting);
      write = null;
      field.toggleAttribute("aria-invalid", false);
      if (size > room) {
        // What was kept before stays, until it fits again.
        field.setAttribute("aria-invalid", "true");
        said.textContent = fill(words.long, { count: size - room });
        return;
      }
      said.textContent = "";
      write = () => {
        if (field.value.trim()) state.notes[id] = field.value;
        else delete state.notes[id];
        keep();
        said.textContent = fill(words.kept, { count: room - size });
      };
      waiting = setTimeout(flush, PAUSE);
    });
    field.addEventListener("change", flush);
  }
}
