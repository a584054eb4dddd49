// What a learner has done, and its packed form: at most 4,096 characters, because that is all that SCORM 1.2 keeps.
//
// A state is { where, done, right, tries, asked, answers, marked, paths, checks }: `done` and `right` are sets of module/step
// and module/point, `tries` counts the finished tries of each module's check, `asked` says in which try a question was last
// asked, `answers` are those of page questions by module/step, `marked` the moments of each timeline, `paths` the choices
// of each story, and `checks` the newest try of each module: items { question, point, given, sure }, `given` null while open.
import { assess, resultsByPoint } from "./rules.js";

export const LIMIT = 4096;
const FORMAT = "1";
const LEVELS = ["guessing", "fairly", "sure"];
const MOST_DECISIONS = 60;
const DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz";
const SIXES = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

const digit = (number) => DIGITS[Math.min(Math.max(number, 0), 35)];
const value = (letter) => { const found = letter === undefined || letter === "" ? -1 : DIGITS.indexOf(letter); if (found < 0) throw new Error("no digit"); return found; };

function packBits(flags) {
  let text = "";
  for (let at = 0; at < flags.length; at += 6) text += SIXES[flags.slice(at, at + 6).reduce((sum, flag, place) => sum + (flag ? 1 << place : 0), 0)];
  return text;
}

const unpackBits = (text, count) => Array.from({ length: count }, (_, at) => ((SIXES.indexOf(text[Math.floor(at / 6)] ?? "A") >> (at % 6)) & 1) === 1);

/** The lists over which a state is packed, in the order of the course. */
function lists(course) {
  const steps = [], points = [], questions = [], pages = [], timelines = [], stories = [];
  for (const module of course.modules) {
    for (const step of module.steps) {
      const ref = `${module.id}/${step.id}`;
      if (step.kind !== "check") steps.push(ref);
      if (step.kind === "page") pages.push(ref);
      if (step.kind === "timeline") timelines.push(ref);
      if (step.kind === "scenario") stories.push(ref);
    }
    points.push(...module.points.map((point) => `${module.id}/${point}`));
    questions.push(...module.questions.map((question) => question.id));
  }
  return { steps, points, questions, pages, timelines, stories };
}

export function emptyState() {
  return { where: "", done: new Set(), right: new Set(), tries: {}, asked: {}, answers: {}, marked: {}, paths: {}, checks: {} };
}

/** The state as text. */
export function pack(course, state) {
  const { steps, points, questions, pages, timelines, stories } = lists(course);
  const item = (module, one) => digit(Math.floor(module.questions.findIndex((question) => question.id === one.question) / 36))
    + digit(module.questions.findIndex((question) => question.id === one.question) % 36) + digit(module.points.indexOf(one.point))
    + (one.given === null ? "" : digit(LEVELS.indexOf(one.sure)) + one.given.map(digit).join(""));
  return [
    FORMAT + course.print,
    packBits(steps.map((ref) => state.done.has(ref))),
    packBits(points.map((ref) => state.right.has(ref))),
    course.modules.map((module) => digit(state.tries[module.id] ?? 0)).join(""),
    questions.map((id) => digit(state.asked[id] ?? 0)).join("").replace(/0+$/, ""),
    pages.map((ref) => (ref in state.answers ? digit(state.answers[ref]) : ".")).join("").replace(/\.+$/, ""),
    timelines.map((ref) => (state.marked[ref] ?? []).map(digit).join("")).join("."),
    stories.map((ref) => (state.paths[ref] ?? []).slice(0, MOST_DECISIONS).map(digit).join("")).join("."),
    course.modules.map((module) => (state.checks[module.id] ?? []).map((one) => item(module, one)).join(",")).join("."),
  ].join("!");
}

/** The state of a packed text; null if it is empty, of another course, or no such text. */
export function unpack(course, text) {
  const fields = String(text ?? "").split("!");
  if (fields.length !== 9 || fields[0] !== FORMAT + course.print) return null;
  const { steps, points, questions, pages, timelines, stories } = lists(course);
  const state = emptyState();
  try {
    unpackBits(fields[1], steps.length).forEach((flag, at) => flag && state.done.add(steps[at]));
    unpackBits(fields[2], points.length).forEach((flag, at) => flag && state.right.add(points[at]));
    course.modules.forEach((module, at) => { if (value(fields[3][at])) state.tries[module.id] = value(fields[3][at]); });
    [...fields[4]].forEach((letter, at) => { if (value(letter)) state.asked[questions[at]] = value(letter); });
    [...fields[5]].forEach((letter, at) => { if (letter !== ".") state.answers[pages[at]] = value(letter); });
    fields[6].split(".").forEach((letters, at) => { if (letters) state.marked[timelines[at]] = [...letters].map(value); });
    fields[7].split(".").forEach((letters, at) => { if (letters) state.paths[stories[at]] = [...letters].map(value); });
    fields[8].split(".").forEach((letters, at) => {
      if (!letters) return;
      const module = course.modules[at];
      state.checks[module.id] = letters.split(",").map((one) => ({
        question: module.questions[value(one[0]) * 36 + value(one[1])].id,
        point: module.points[value(one[2])],
        sure: one.length > 3 ? LEVELS[value(one[3])] : null,
        given: one.length > 3 ? [...one.slice(4)].map(value) : null,
      }));
    });
  } catch {
    return null;
  }
  return state;
}

/** Close the newest try of a module once all its questions are answered: the points that are all right in it are shown. */
export function closeTry(state, module, isCorrect) {
  const items = state.checks[module.id];
  for (const [point, right] of resultsByPoint(items.map((one) => [one.point, isCorrect(one)]))) if (right) state.right.add(`${module.id}/${point}`);
  state.tries[module.id] = (state.tries[module.id] ?? 0) + 1;
}

/** Whether a step is done: a check once every point of its module was shown. */
export const isDone = (state, module, step) => (step.kind === "check" ? module.points.every((point) => state.right.has(`${module.id}/${point}`)) : state.done.has(`${module.id}/${step.id}`));

/** What the platform is told: whether all is done, whether it is passed, the score (0 to 1, null before the first check) and how
 * far it has come. */
export function standing(course, state) {
  const steps = course.modules.flatMap((module) => module.steps.map((step) => (step.kind === "check" ? (state.tries[module.id] ?? 0) > 0 : state.done.has(`${module.id}/${step.id}`))));
  const points = course.modules.flatMap((module) => module.points.map((point) => `${module.id}/${point}`));
  const critical = points.filter((ref) => course.critical.includes(ref.slice(ref.indexOf("/") + 1)));
  const result = assess(state.right, points, critical, course.passMark);
  const complete = steps.every(Boolean);
  const tried = Object.values(state.tries).some((count) => count > 0);
  return { complete, passed: complete && result.passed, score: tried ? result.right / result.asked : null, progress: steps.filter(Boolean).length / steps.length, result };
}
