// The final assessment of the whole course: drawn, marked and explained as on the course's server.
import { answered, fill } from "./answers.js";
import { correct, draw } from "./rules.js";
import { FINAL, closeTry, isDone, modulesDone, nextNumber, result } from "./state.js";

export const STEP = "assessment";

/** The final assessment as a module of one step, with every question of the course; null if the package has none. */
export const finalModule = (course) => course.final && {
  id: FINAL, number: 0, title: course.words.final.title, points: course.final.map(([point]) => point),
  steps: [{ id: STEP, kind: "final", title: course.words.final.title }], questions: course.modules.flatMap((module) => module.questions),
};

const tries = (state) => state.tries[FINAL] ?? 0;
const idOf = (ref) => ref.slice(ref.indexOf("/") + 1);

/** Whether the final assessment is passed. */
export const isPassed = (course, state) => tries(state) > 0 && result(course, state).passed;

/** The questions whose answers nothing may tell yet: those of a try that is open, and on safety-critical points that are not right. */
export function heldQuestions(course, state) {
  if (!course.final) return new Set();
  const items = state.checks[FINAL] ?? [];
  const open = items.some((one) => one.given === null);
  const critical = new Set(tries(state) ? result(course, state).missedCritical.map(idOf) : []);
  return new Set(items.filter((one) => open || critical.has(one.point)).map((one) => one.question));
}

const list = (words, items) => (items.length ? fill(words, { items: items.join("") }) : "");

/** The page before a try. `ui` is what the player shares: its course, state, and functions that show, keep and ask. */
export async function showFinal(ui, module) {
  const { course, state } = ui;
  const words = course.words.final;
  const now = result(course, state);
  const items = state.checks[FINAL] ?? [];
  const at = items.findIndex((one) => one.given === null);
  const passed = isPassed(course, state), begun = at >= 0, again = tries(state) > 0;
  const counts = again ? course.final.filter(([point]) => now.missed.map(idOf).includes(point)) : course.final;
  const size = counts.reduce((sum, [, count]) => sum + count, 0);
  const waiting = modulesDone(course, state) || begun || passed ? [] : course.modules.filter((one) => !one.steps.every((step) => isDone(state, one, step)));
  const go = begun ? fill(words.carryOn, { number: at + 1 }) : again ? words.remaining : words.start;
  ui.show(fill(words.startPage, {
    state: passed ? words.passedState : fill(again ? words.open[counts.length] : words.all, { minutes: words.minutes[size] }),
    rules: passed ? "" : words.rules,
    rereads: again && !begun && !passed ? ui.rereads(now.missed.map(idOf)) : "",
    waiting: list(words.waiting, waiting.map((one) => `<li><a href="${ui.address(one, one.steps.find((step) => !isDone(state, one, step)))}">${one.title}</a></li>`)),
    buttons: passed ? (items.length ? ui.press("result", course.words.seeHow) : "") : waiting.length ? "" : ui.press("begin", go),
  }));
  const questions = await ui.allQuestions();
  ui.onPress({
    result: () => showResult(ui, module, questions),
    begin() {
      if (!begun) {
        const drawn = draw(counts, module.questions, { asked: (id) => state.asked[id] ?? 0, held: heldQuestions(course, state), final: true });
        const number = nextNumber(state, module.questions);
        state.checks[FINAL] = drawn.map((one) => ({ ...one, given: null, sure: null }));
        for (const one of drawn) state.asked[one.question] = number;
        ui.keep();
      }
      ask(ui, module, questions, begun ? at : 0);
    },
  });
}

// The next question follows at once: the reasons come at the end, all together.
function ask(ui, module, questions, at) {
  const { course, state } = ui;
  const items = state.checks[FINAL];
  const question = questions[items[at].question];
  ui.pose(module, module.steps[0], question, at, items, (given, sure) => {
    Object.assign(items[at], { given, sure });
    const last = at + 1 === items.length;
    if (last) closeTry(state, module, (one) => correct(questions[one.question], one.given));
    ui.keep();
    if (last) showResult(ui, module, questions);
    else ask(ui, module, questions, at + 1);
  });
}

function showResult(ui, module, questions) {
  const { course, state } = ui;
  const words = course.words.final;
  const now = result(course, state);
  const items = state.checks[FINAL];
  const held = heldQuestions(course, state);
  const rows = items.map((one, number) => {
    const question = questions[one.question], position = number + 1;
    if (held.has(one.question)) return fill(words.heldRow, { position, stem: question.stem });
    const right = correct(question, one.given);
    return fill(right ? words.rightRow : words.wrongRow, { position, answered: answered(course, question, one.given, 4) });
  });
  ui.frame(module, module.steps[0]);
  ui.show(fill(words.resultPage, {
    heading: now.passed ? words.passed : words.notYet,
    line: fill(words.line, { right: now.right }),
    why: now.passed ? "" : now.missedCritical.length ? words.critical[now.missedCritical.length] : words.again,
    points: now.passed ? "" : list("<ul class=\"rows\">{items}</ul>", ui.pointLinks(now.missed.map(idOf))),
    next: now.passed ? "" : words.next,
    buttons: now.passed ? ui.link("#/", course.words.allModules) : ui.press("again", words.tryAgain),
    held: held.size ? words.held : "",
    rows: rows.join(""),
  }));
  ui.onPress({ again: () => { showFinal(ui, module).catch(ui.fail); } });
}
