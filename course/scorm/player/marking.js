// A timeline: the moments at which an adult could have acted are marked, and may be marked again.
import { answeredTimeline, fill } from "./answers.js";

/** Show a timeline: to be marked, or with the marks that are kept. `ui` is what the player shares. */
export function showTimeline(ui, module, step, timeline) {
  const ref = `${module.id}/${step.id}`;
  if (ui.state.done.has(ref)) showMarked(ui, module, step, timeline, ref);
  else ask(ui, module, step, timeline, ref);
}

function ask(ui, module, step, timeline, ref) {
  ui.show(fill(timeline.page, { ask: timeline.ask }));
  ui.onPress({});
  ui.listen({ ...timeline, form: "timeline", order: timeline.missed.map((_, index) => index) }, false, (given) => {
    ui.state.marked[ref] = given;
    ui.state.done.add(ref);
    ui.keep();
    showMarked(ui, module, step, timeline, ref);
  });
}

function showMarked(ui, module, step, timeline, ref) {
  ui.show(answeredTimeline(ui.course, timeline, ui.state.marked[ref] ?? []));
  document.querySelector("#main [data-onward]").innerHTML = ui.press("again", ui.course.words.markAgain, "") + ui.onward(module, step);
  ui.onPress({ again: () => ask(ui, module, step, timeline, ref) });
}
