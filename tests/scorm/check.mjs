// What the player's rules make of the cases on standard input, as JSON on standard output.
import { readFileSync } from "node:fs";

const asked = JSON.parse(readFileSync(0, "utf8"));
const load = (name) => import(`${asked.player}/${name}.js`);
const { answered, answeredTimeline } = await load("answers");
const { connect, find, time12, time2004 } = await load("lms");
const { allowance, assess, checkCounts, correct, draw, parts, resultsByPoint } = await load("rules");
const { FINAL, LIMIT, closeTry, emptyState, fullest, modulesDone, pack, result, roomForNotes, sizeOfNotes, standing, unpack } = await load("state");
const { run, weights } = await load("story");
const { finalModule, heldQuestions, isPassed } = await load("final");
const telling = await load("telling");
const { course, modules } = asked;

const answers = asked.answers.map(({ module, question, given, level }) => {
  const found = modules[module].questions[question];
  return { parts: parts(found, given), correct: correct(found, given), html: answered(course, found, given, level) };
});
const timelines = asked.timelines.map(({ module, timeline, marked }) => answeredTimeline(course, modules[module].timelines[timeline], marked));
const stories = asked.stories.map(({ module, story: id, path }) => {
  const story = modules[module].stories[id];
  const state = run(story, path);
  return {
    at: state.at, open: state.open.map((choice) => choice.id), gauges: state.gauges, repair: state.repair, finished: state.finished,
    ending: state.ending && { id: state.ending.id, text: state.ending.text, debrief: state.ending.debrief },
    weights: state.ending ? weights(story, state) : [],
    debrief: state.ending ? telling.debrief(course.words, story, state, false) : "",
  };
});

const plain = (state) => JSON.stringify({ ...state, done: [...state.done].sort(), right: [...state.right].sort() }, (_, value) => (value && !Array.isArray(value) && typeof value === "object" ? Object.fromEntries(Object.entries(value).sort()) : value));
const item = (question, open) => ({ question: question.id, point: question.points.at(-1), given: open ? null : [3, 4], sure: open ? null : "fairly" });
const states = [];
for (const structure of asked.structures) {
  const full = emptyState(), some = emptyState();
  let turn = 0;
  const at = (number) => { turn = (turn * 31 + 7) % 1009; return turn % number; };
  for (const module of structure.modules) {
    const mostItems = Math.max(module.points.length, structure.checkQuestions);
    full.tries[module.id] = 35;
    if (at(2)) some.tries[module.id] = 1 + at(34);
    full.checks[module.id] = Array.from({ length: mostItems }, () => ({ question: module.questions.at(-1).id, point: module.questions.at(-1).points[0], sure: "sure", given: Array(12).fill(35) }));
    if (at(3)) some.checks[module.id] = module.points.map((_, place) => item(module.questions[at(module.questions.length)], place % 2));
    for (const point of module.points) { full.right.add(`${module.id}/${point}`); if (at(2)) some.right.add(`${module.id}/${point}`); }
    for (const question of module.questions) { full.asked[question.id] = 35; if (at(4) === 0) some.asked[question.id] = 1 + at(9); }
    for (const step of module.steps) {
      const ref = `${module.id}/${step.id}`;
      if (step.kind === "check") continue;
      full.done.add(ref);
      if (at(2)) some.done.add(ref);
      if (step.kind === "page") { full.answers[ref] = 35; if (at(2)) some.answers[ref] = at(3); }
      if (step.kind === "timeline") { full.marked[ref] = Array.from({ length: 20 }, (_, n) => n); if (at(2)) some.marked[ref] = [at(5)]; }
      if (step.kind === "scenario") { full.paths[ref] = Array(60).fill(35); if (at(2)) some.paths[ref] = [at(4), at(4), at(4)]; }
    }
  }
  const bank = structure.modules.flatMap((module) => module.questions);
  full.tries[FINAL] = 35;
  full.checks[FINAL] = structure.final.flatMap(([, count]) => Array(count).fill({ question: bank.at(-1).id, point: bank.at(-1).points.at(-1), sure: "sure", given: Array(12).fill(35) }));
  some.tries[FINAL] = 2;
  some.checks[FINAL] = [item(bank[at(bank.length)], 0), item(bank.at(-1), 1)];
  for (const [point] of structure.final) { full.right.add(`${FINAL}/${point}`); if (at(2)) some.right.add(`${FINAL}/${point}`); }
  const places = structure.modules.flatMap((module) => module.steps.flatMap((step) => (step.notes ?? []).map((id) => `${module.id}/${step.id}/${id}`)));
  some.notes = { [places[0]]: "Ask “Zuri’s” mum!\n~ 100 % ~1. é 👩🏽‍🏫", [places.at(-1)]: " x " };
  const room = roomForNotes(structure), most = fullest(structure);
  const written = { [places[1]]: "n".repeat(room) };
  const noted = pack(structure, { ...most, notes: written }).length, bare = pack(structure, most).length;
  const of = (state) => { const text = pack(structure, state); return { length: text.length, same: plain(unpack(structure, text)) === plain(state) }; };
  states.push({ limit: LIMIT, full: of(full), some: of(some), empty: of(emptyState()), full2: standing(structure, full), none: standing(structure, emptyState()),
    room, bare, noted, note: sizeOfNotes(written), ascii: /^[ -~]*$/.test(pack(structure, some)), places: places.length,
    foreign: unpack({ ...structure, print: "00000000" }, pack(structure, full)), broken: ["", "x", "!!!!!!!!", pack(structure, full).replace(/!/, "!!"), pack(structure, some).slice(0, 40), pack(structure, full).replace("!", "!!").replace(/!$/, ""), `2${structure.print}!A!A${"!?".repeat(8 + places.length)}`, pack(structure, full).replace(/^2/, "1")].map((text) => unpack(structure, text)) });
}

const assessed = asked.assessed.map(({ right, points, critical, passMark }) => { const found = assess(new Set(right), points, critical, passMark); return [found.passed, found.right, found.asked, found.missedCritical, found.missed]; });
const results = asked.results.map((rows) => [...resultsByPoint(rows)]);
const counts = asked.counts.map((points) => checkCounts(course, points));
const draws = asked.draws.map(({ counts: wanted, bank, last, final, reserve, held, chances }) => {
  const asked = (id) => last[id] ?? 0, chosen = chances[Symbol.iterator]();
  const all = course.modules.flatMap((module) => module.questions);
  const spare = reserve ? allowance(course.final, all, asked) : new Map();
  const own = bank === null ? all : course.modules.find((module) => module.id === bank).questions;
  return draw(wanted, own, { asked, spare, held: new Set(held), final, chance: () => chosen.next().value ?? 0 }).map((one) => [one.question, one.point]);
});

// A whole course of which everything is done, and the final assessment tried: first with every question of these points wrong.
const finals = asked.finals.map((wrong) => {
  const state = emptyState(), module = finalModule(course);
  const steps = [];
  const say = () => { const now = standing(course, state); steps.push([modulesDone(course, state), now.complete, now.passed, now.score, isPassed(course, state), result(course, state).missed.map((ref) => ref.slice(FINAL.length + 1)), [...heldQuestions(course, state)].length]); };
  for (const one of course.modules) {
    for (const step of one.steps) if (step.kind !== "check") state.done.add(`${one.id}/${step.id}`);
    state.tries[one.id] = 1;
  }
  say();
  for (const one of course.modules) for (const point of one.points) state.right.add(`${one.id}/${point}`);
  say();
  for (const missed of [new Set(wrong), new Set()]) {
    const open = result(course, state).missed.map((ref) => ref.slice(FINAL.length + 1));
    const counts = state.tries[FINAL] ? course.final.filter(([point]) => open.includes(point)) : course.final;
    state.checks[FINAL] = draw(counts, module.questions, { asked: () => 0, held: heldQuestions(course, state), final: true, chance: () => 0.5 }).map((one) => ({ ...one, given: null, sure: null }));
    say();
    for (const one of state.checks[FINAL]) Object.assign(one, { given: [0], sure: "sure" });
    closeTry(state, module, (one) => !missed.has(one.point));
    say();
  }
  return steps;
});

// A platform that remembers what it is told, around a window at a depth of parents.
function platform(names, given = {}, refuse = "") {
  const told = [], values = { ...given };
  return { told, values, api: {
    [names[0]]: () => "true", [names[1]]: (name) => values[name] ?? "",
    [names[2]]: (name, value) => { told.push([name, value]); if (name === refuse) return "false"; values[name] = value; return "true"; },
    [names[3]]: () => "true", [names[4]]: () => { told.push(["end"]); return "true"; },
  } };
}
const OLD = ["LMSInitialize", "LMSGetValue", "LMSSetValue", "LMSCommit", "LMSFinish"], NEW = ["Initialize", "GetValue", "SetValue", "Commit", "Terminate"];
function nested(depth, name, api) {
  let win = { [name]: api };
  win.parent = win;
  for (let n = 0; n < depth; n += 1) win = { parent: win };
  return win;
}
const session = (version, names, name, given, now, refuse) => {
  const lms = platform(names, given, refuse);
  let clock = 0;
  const made = connect(version, nested(2, name, lms.api), () => clock);
  const resume = made.resume().packed;
  const taken = made.save({ where: "m/s", packed: "kept", ...now });
  clock = 3_725_400;
  made.leave();
  made.leave();
  return { records: made.records, resume, taken, told: lms.told };
};
const done = { complete: true, passed: true, score: 0.8125, progress: 1 };
const failed = { complete: true, passed: false, score: 0.5, progress: 1 };
const begun = { complete: false, passed: false, score: null, progress: 0.25 };
const lms = {
  depths: [0, 3, 7, 8].map((depth) => find(nested(depth, "API", "here"), "API")),
  opener: find({ parent: null, opener: nested(1, "API", "there") }, "API"),
  none: connect("1.2", nested(1, "OTHER", {})).connected,
  times12: [0, 59.6, 3725, 1e9].map(time12), times2004: [0, 59.6, 3725].map(time2004),
  passed12: session("1.2", OLD, "API", {}, done), failed12: session("1.2", OLD, "API", {}, failed), begun12: session("1.2", OLD, "API", { "cmi.suspend_data": "old" }, begun),
  held12: session("1.2", OLD, "API", { "cmi.core.lesson_status": "passed" }, begun), browse12: session("1.2", OLD, "API", { "cmi.core.lesson_mode": "browse" }, done),
  refused12: session("1.2", OLD, "API", {}, done, "cmi.suspend_data"),
  passed2004: session("2004", NEW, "API_1484_11", {}, done), failed2004: session("2004", NEW, "API_1484_11", {}, failed), begun2004: session("2004", NEW, "API_1484_11", {}, begun),
  other: session("2004", OLD, "API", {}, done),
};
process.stdout.write(JSON.stringify({ answers, timelines, stories, states, assessed, results, counts, draws, finals, lms }));
