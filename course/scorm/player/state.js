// What a learner has done, and its packed form: at most 4,096 characters, because that is all that SCORM 1.2 keeps.
//
// A state is { where, done, right, tries, asked, answers, marked, paths, checks }: `done` and `right` are sets of module/step
// and module/point, `tries` counts the finished tries of each module's check, `asked` says in which try a question was last
// asked, `answers` are those of page questions by module/step, `marked` the moments of each timeline, `paths` the choices
// of each story, `notes` what the learner wrote by module/step/block, and `checks` the newest try of each module: items
// { question, point, given, sure }, `given` null while open. The final assessment is kept like a module with the id FINAL.
import { assess, checkCounts, resultsByPoint } from "./rules.js";

export const LIMIT = 4096;
export const FINAL = "-final";
const FORMAT = "2";
const FIELDS = 11; // before the notes
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
  const steps = [], points = [], questions = [], pages = [], timelines = [], stories = [], notes = [];
  for (const module of course.modules) {
    for (const step of module.steps) {
      const ref = `${module.id}/${step.id}`;
      if (step.kind !== "check") steps.push(ref);
      if (step.kind === "page") { pages.push(ref); notes.push(...(step.notes ?? []).map((id) => `${ref}/${id}`)); }
      if (step.kind === "timeline") timelines.push(ref);
      if (step.kind === "scenario") stories.push(ref);
    }
    points.push(...module.points.map((point) => `${module.id}/${point}`));
    questions.push(...module.questions);
  }
  const asked = (course.final ?? []).map(([point]) => `${FINAL}/${point}`);
  return { steps, points, questions, pages, timelines, stories, notes, asked };
}

export function emptyState() {
  return { where: "", done: new Set(), right: new Set(), tries: {}, asked: {}, answers: {}, marked: {}, paths: {}, checks: {}, notes: {} };
}

// A question by its place in its bank, and its point by the place among the question's own.
function packItems(bank, items) {
  return (items ?? []).map((one) => {
    const at = bank.findIndex((question) => question.id === one.question);
    return digit(Math.floor(at / 36)) + digit(at % 36) + digit(bank[at].points.indexOf(one.point))
      + (one.given === null ? "" : digit(LEVELS.indexOf(one.sure)) + one.given.map(digit).join(""));
  }).join(",");
}

function unpackItems(bank, letters) {
  return letters.split(",").map((one) => {
    const question = bank[value(one[0]) * 36 + value(one[1])];
    const point = question.points[value(one[2])];
    if (point === undefined) throw new Error("no point");
    const answered = one.length > 3;
    return { question: question.id, point, sure: answered ? LEVELS[value(one[3])] : null, given: answered ? [...one.slice(4)].map(value) : null };
  });
}

// A note as plain ASCII without the mark between fields: platforms count bytes, and some lose other signs.
const packNote = (text) => text.replace(/[^ -}]|!/g, (sign) => `~${sign.charCodeAt(0).toString(36)}.`);
const unpackNote = (text) => text.replace(/~([0-9a-z]+)\./g, (_, code) => String.fromCharCode(parseInt(code, 36)));

/** The state as text. */
export function pack(course, state) {
  const { steps, points, questions, pages, timelines, stories, notes, asked } = lists(course);
  return [
    FORMAT + course.print,
    packBits(steps.map((ref) => state.done.has(ref))),
    packBits(points.map((ref) => state.right.has(ref))),
    course.modules.map((module) => digit(state.tries[module.id] ?? 0)).join(""),
    questions.map(({ id }) => digit(state.asked[id] ?? 0)).join("").replace(/0+$/, ""),
    pages.map((ref) => (ref in state.answers ? digit(state.answers[ref]) : ".")).join("").replace(/\.+$/, ""),
    timelines.map((ref) => (state.marked[ref] ?? []).map(digit).join("")).join("."),
    stories.map((ref) => (state.paths[ref] ?? []).slice(0, MOST_DECISIONS).map(digit).join("")).join("."),
    course.modules.map((module) => packItems(module.questions, state.checks[module.id])).join("."),
    asked.length ? digit(state.tries[FINAL] ?? 0) + packBits(asked.map((ref) => state.right.has(ref))) : "",
    packItems(questions, state.checks[FINAL]),
    ...notes.map((ref) => packNote(state.notes[ref] ?? "")),
  ].join("!");
}

/** The state of a packed text; null if it is empty, of another course, or no such text. */
export function unpack(course, text) {
  const fields = String(text ?? "").split("!");
  const { steps, points, questions, pages, timelines, stories, notes, asked } = lists(course);
  if (fields.length !== FIELDS + notes.length || fields[0] !== FORMAT + course.print) return null;
  const state = emptyState();
  try {
    unpackBits(fields[1], steps.length).forEach((flag, at) => flag && state.done.add(steps[at]));
    unpackBits(fields[2], points.length).forEach((flag, at) => flag && state.right.add(points[at]));
    course.modules.forEach((module, at) => { if (value(fields[3][at])) state.tries[module.id] = value(fields[3][at]); });
    [...fields[4]].forEach((letter, at) => { if (value(letter)) state.asked[questions[at].id] = value(letter); });
    [...fields[5]].forEach((letter, at) => { if (letter !== ".") state.answers[pages[at]] = value(letter); });
    fields[6].split(".").forEach((letters, at) => { if (letters) state.marked[timelines[at]] = [...letters].map(value); });
    fields[7].split(".").forEach((letters, at) => { if (letters) state.paths[stories[at]] = [...letters].map(value); });
    fields[8].split(".").forEach((letters, at) => {
      if (letters) state.checks[course.modules[at].id] = unpackItems(course.modules[at].questions, letters);
    });
    if (asked.length && value(fields[9][0])) state.tries[FINAL] = value(fields[9][0]);
    unpackBits(fields[9].slice(1), asked.length).forEach((flag, at) => flag && state.right.add(asked[at]));
    if (fields[10]) state.checks[FINAL] = unpackItems(questions, fields[10]);
    notes.forEach((ref, at) => { if (fields[FIELDS + at]) state.notes[ref] = unpackNote(fields[FIELDS + at]); });
  } catch {
    return null;
  }
  return state;
}

/** A state that takes as much room as any can, without notes. */
export function fullest(course) {
  const { steps, points, questions, pages, timelines, stories, asked } = lists(course);
  const state = emptyState();
  const largest = (bank, count) => [...bank].sort((a, b) => b.most - a.most).slice(0, count)
    .map(({ id, points: own, most }) => ({ question: id, point: own[0], sure: "sure", given: Array(most).fill(35) }));
  const total = (counts) => counts.reduce((sum, [, count]) => sum + count, 0);
  for (const ref of steps) state.done.add(ref);
  for (const ref of [...points, ...asked]) state.right.add(ref);
  for (const { id } of questions) state.asked[id] = 35;
  for (const ref of pages) state.answers[ref] = 35;
  for (const ref of stories) state.paths[ref] = Array(MOST_DECISIONS).fill(35);
  const moments = course.modules.flatMap((module) => module.steps.filter((step) => step.kind === "timeline"));
  timelines.forEach((ref, at) => { state.marked[ref] = Array(moments[at].most).fill(35); });
  for (const module of course.modules) {
    state.tries[module.id] = 35;
    state.checks[module.id] = largest(module.questions, total(checkCounts(course, module.points)));
  }
  if (course.final) { state.tries[FINAL] = 35; state.checks[FINAL] = largest(questions, total(course.final)); }
  return state;
}

/** How many characters all notes may have together, packed. The rest is for whatever else comes to be kept. */
export const roomForNotes = (course) => LIMIT - pack(course, fullest(course)).length;

/** How many characters of that room these notes take. */
export const sizeOfNotes = (notes) => Object.values(notes).reduce((sum, text) => sum + packNote(text).length, 0);

/** Close the newest try of a module once all its questions are answered: the points that are all right in it are shown. */
export function closeTry(state, module, isCorrect) {
  const items = state.checks[module.id];
  for (const [point, right] of resultsByPoint(items.map((one) => [one.point, isCorrect(one)]))) if (right) state.right.add(`${module.id}/${point}`);
  state.tries[module.id] = (state.tries[module.id] ?? 0) + 1;
}

/** The number of a new try of questions out of this bank: after those of every earlier one. */
export const nextNumber = (state, bank) => Math.min(35, 1 + Math.max(0, ...bank.map((question) => state.asked[question.id] ?? 0)));

/** Whether a step is done: a check once every point of its module was shown. */
export const isDone = (state, module, step) => (step.kind === "check" ? module.points.every((point) => state.right.has(`${module.id}/${point}`)) : state.done.has(`${module.id}/${step.id}`));

/** Whether every step of every module is done. The final assessment waits for it. */
export const modulesDone = (course, state) => course.modules.every((module) => module.steps.every((step) => isDone(state, module, step)));

/** The result of the final assessment, or without one of the checks: { passed, right, asked, missed, missedCritical }, the
 * missed as module/point, safety-critical ones first. */
export function result(course, state) {
  const points = lists(course)[course.final ? "asked" : "points"];
  const critical = points.filter((ref) => course.critical.includes(ref.slice(ref.indexOf("/") + 1)));
  return assess(state.right, points, critical, course.passMark);
}

/** What the platform is told: whether all is done, whether it is passed, the score (0 to 1; null before the first check, or where
 * there is a final assessment before its first try) and how far it has come. */
export function standing(course, state) {
  const tries = (id) => state.tries[id] ?? 0;
  const steps = course.modules.flatMap((module) => module.steps.map((step) => (step.kind === "check" && !course.final ? tries(module.id) > 0 : isDone(state, module, step))));
  if (course.final) steps.push(tries(FINAL) > 0);
  const now = result(course, state);
  const complete = steps.every(Boolean);
  const tried = course.final ? tries(FINAL) > 0 : Object.values(state.tries).some((count) => count > 0);
  return { complete, passed: complete && now.passed, score: tried ? now.right / now.asked : null, progress: steps.filter(Boolean).length / steps.length, result: now };
}
