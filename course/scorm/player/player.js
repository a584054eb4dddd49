// The player of a package: it shows one step at a time, keeps what was done, and tells the learning platform.
import { answered, fill, readAnswer, showMistakes, verdictName } from "./answers.js";
import { finalModule, heldQuestions, isPassed, showFinal } from "./final.js";
import { connect } from "./lms.js";
import { showTimeline } from "./marking.js";
import { flush, startNotes } from "./notes.js";
import { allowance, checkCounts, correct, draw } from "./rules.js";
import { closeTry, emptyState, isDone, nextNumber, pack, standing, unpack } from "./state.js";
import { run } from "./story.js";
import * as telling from "./telling.js";
import { start as startOrder } from "./order.js";
import { start as startParts } from "./parts.js";
import { start as startTimeline } from "./timeline.js";

const main = document.getElementById("main");
const strip = document.getElementById("strip");
const notice = document.getElementById("notice");
const home = main.innerHTML;
const named = (id) => document.getElementById(id);
let course, platform, state, ui, moved = false, turns = 0;
const loaded = new Map();

const get = async (address) => {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  return answer;
};
const once = (key, load) => {
  if (!loaded.has(key)) loaded.set(key, load().catch((error) => { loaded.delete(key); throw error; }));
  return loaded.get(key);
};
const data = (module) => once(module.id, async () => (await get(`modules/${module.id}.json`)).json());
const allQuestions = async () => Object.assign({}, ...(await Promise.all(course.modules.map(data))).map((one) => one.questions));
const lesson = (ref) => once(`page ${ref}`, async () => new DOMParser().parseFromString(await (await get(`pages/${ref}.html`)).text(), "text/html"));

// What stays said on every page, such as that nothing is recorded.
let lasting = "";

function say(text, warns = true) {
  const said = text || lasting;
  if (notice.textContent === said) return;
  notice.innerHTML = !said ? "" : warns ? '<div class="wrap"><p class="note update"></p></div>' : '<div class="flash"><p></p></div>';
  if (said) notice.querySelector("p").textContent = said;
}

/** Keep what was done, and tell the platform. Called at each step. */
function keep() {
  const now = standing(course, state);
  const taken = platform.save({ where: state.where, packed: pack(course, state), complete: now.complete, passed: now.passed, score: now.score, progress: now.progress });
  say(taken ? "" : course.words.unsaved);
}

function show(html, focus = "[data-focus]") {
  main.innerHTML = html;
  const target = main.querySelector(focus) ?? main.querySelector("h1") ?? main;
  if (!target.hasAttribute("tabindex")) target.setAttribute("tabindex", "-1");
  scrollTo({ top: 0, behavior: "instant" });
  // When the package opens, nobody has asked for another place yet.
  if (moved) target.focus({ preventScroll: true });
  moved = true;
  document.title = [main.querySelector("h1")?.textContent.trim(), course.title].filter(Boolean).join(" – ");
  startOrder(main);
  startParts(main);
  startTimeline(main);
}

const address = (module, step) => `#/${module.id}/${step.id}`;
const link = (href, words, kind = "main") => `<a class="button ${kind}" href="${href}">${words}</a>`;
const press = (go, words, kind = "turn") => `<button class="button ${kind}" data-go="${go}">${words}</button>`;
const stepTitle = (step) => (step.kind === "scenario" || step.kind === "timeline" ? fill(course.words[step.kind], { title: step.title }) : step.title);

function follows(module, step) {
  const next = module.steps[module.steps.indexOf(step) + 1];
  if (next) return [address(module, next), fill(course.words.nextStep, { title: next.title })];
  const after = course.modules[course.modules.indexOf(module) + 1];
  const to = after ?? (module === ui.final ? null : ui.final);
  return to ? [address(to, to.steps[0]), fill(course.words.nextStep, { title: to.title })] : ["#/", course.words.allModules];
}

const moduleOf = (id) => (ui.final?.id === id ? ui.final : course.modules.find((one) => one.id === id));
const finished = (module, step) => (step.kind === "final" ? isPassed(course, state) : isDone(state, module, step));

const onward = (module, step) => link(...follows(module, step));

function frame(module, step, place, bits) {
  document.body.className = module && module !== ui.final ? `m${((module.number - 1) % 8) + 1}${step?.kind === "scenario" ? " telling" : ""}` : "";
  if (!module) { strip.innerHTML = ""; return; }
  const own = bits ?? (module === ui.final ? [] : module.steps.map((one) => (one === step ? "at" : isDone(state, module, one) ? "on" : "")));
  strip.innerHTML = fill(module === ui.final ? course.words.final.strip : course.words.strip, {
    number: module.number, title: step.kind === "scenario" ? step.title : module.title,
    place: place ?? (module === ui.final ? "" : fill(course.words.stepOf, { number: module.steps.indexOf(step) + 1, total: module.steps.length })),
    bits: own.map((bit) => (bit ? `<li class="${bit}"></li>` : "<li></li>")).join(""),
  });
}

function rail(module, here) {
  const items = module.steps.map((step) => {
    const done = isDone(state, module, step), at = step === here;
    return `<li class="${done ? "done" : ""}${at ? " here" : ""}"><a href="${address(module, step)}"${at ? ' aria-current="step"' : ""}>${stepTitle(step)}</a>${done ? `<span class="hide"> – ${course.words.done}</span>` : ""}</li>`;
  });
  return fill(course.words.rail, { items: items.join("") });
}

// The list of all modules.
function showHome() {
  frame(null);
  show(home);
  const [hereModule, hereStep] = state.where.split("/");
  for (const item of main.querySelectorAll("[data-step]")) {
    const [moduleId, stepId] = item.dataset.step.split("/");
    const module = moduleOf(moduleId);
    const step = module.steps.find((one) => one.id === stepId);
    const done = finished(module, step), here = state.where === item.dataset.step;
    item.className = done ? "done" : here ? "here" : "";
    item.querySelector("a").href = address(module, step);
    item.querySelector("[data-state]").textContent = done ? ` · ${course.words.done}` : here ? ` · ${course.words.here}` : "";
  }
  const resume = main.querySelector("[data-resume]"), score = main.querySelector("[data-score]");
  const module = moduleOf(hereModule);
  const step = module?.steps.find((one) => one.id === hereStep);
  const first = course.modules[0];
  resume.innerHTML = step ? link(address(module, step), course.words.carryOn, "turn") : link(address(first, first.steps[0]), fill(course.words.nextStep, { title: first.steps[0].title }), "turn");
  const now = standing(course, state);
  const result = fill(course.words.score, { right: now.result.right, asked: now.result.asked, mark: course.passMark });
  score.textContent = now.complete ? `${now.passed ? course.words.passed : course.final ? course.words.final.failed : course.words.failed} ${result}` : now.score === null ? "" : result;
}

async function showPage(module, step) {
  const ref = `${module.id}/${step.id}`;
  const page = await lesson(ref);
  show(page.getElementById("main").innerHTML);
  main.querySelector("[data-rail]").outerHTML = rail(module, step);
  const steps = module.steps, at = steps.indexOf(step);
  const [next, words] = follows(module, step);
  main.querySelector("[data-onward]").innerHTML = link(at ? address(module, steps[at - 1]) : "#/", course.words.back, "") + `<a class="button main" href="${next}" data-done>${words}</a>`;
  const asked = main.querySelector("[data-page-question]");
  const answer = (given) => {
    asked.querySelector(".ask-you").replaceWith(asked.querySelector(`template[data-given="${given}"]`).content.cloneNode(true));
    return asked.querySelector(".ask-you");
  };
  // An option that the page no longer has is asked again.
  if (asked?.querySelector(`template[data-given="${state.answers[ref]}"]`)) answer(state.answers[ref]);
  if (platform.records) startNotes(main, course, state, ref, keep);
  main.onclick = (event) => {
    const button = event.target.closest("[data-page-question] button[name=answer]");
    if (button) {
      // The first answer stays, as on the course's own pages.
      state.answers[ref] = Number(button.value);
      answer(button.value).focus();
      keep();
    } else if (event.target.closest("[data-done]") && !state.done.has(ref)) {
      state.done.add(ref);
      keep();
    }
  };
}

/** Let a form give its answer: `then(given, sure)`; `asksSure` where the button says how sure its reader is. */
function listen(question, asksSure, then) {
  const form = named("question");
  if (question.form === "timeline") {
    const count = form.querySelector("[data-words]");
    form.onchange = () => { count.textContent = `${form.querySelectorAll(":checked").length} ${count.dataset.words}`; };
  }
  form.onsubmit = (event) => {
    event.preventDefault();
    const sure = event.submitter?.name === "sureness" ? event.submitter.value : null;
    if (asksSure && !sure) return; // Enter in a field sends nothing
    const answer = readAnswer(question, [...new FormData(form)]);
    if (answer.missing) showMistakes(course.words, form, answer.missing);
    else then(answer.given, sure);
  };
}

const openPoints = (module) => module.points.filter((point) => !state.right.has(`${module.id}/${point}`));

const pointLinks = (points) => points.map((point) => {
  const ref = course.pageOf[point];
  const there = ref && course.modules.some((module) => module.steps.some((step) => `${module.id}/${step.id}` === ref));
  return `<li>${there ? `<a href="#/${ref}">${course.points[point]}</a>` : course.points[point]}</li>`;
});

function rereads(points) {
  const known = pointLinks(points);
  return known.length ? fill(course.words.rereads, { items: known.join("") }) : "";
}

async function showCheck(module, step) {
  const { questions } = await data(module);
  const { words } = course;
  const items = state.checks[module.id] ?? [];
  const open = items.findIndex((one) => one.given === null);
  const missed = openPoints(module);
  const counts = checkCounts(course, missed.length ? missed : module.points);
  const begun = items.length && open >= 0;
  const size = counts.reduce((sum, [, count]) => sum + count, 0);
  const again = (state.tries[module.id] ?? 0) > 0;
  show(fill(words.checkStart, {
    state: !missed.length ? words.shown : begun ? fill(words.questionOf, { number: open + 1, total: items.length }) : again ? words.open[missed.length] : words.ahead[size],
    rereads: again && !begun ? rereads(missed) : "",
    buttons: press("begin", begun ? words.carryOn : !missed.length ? words.practise : again ? words.remaining : words.start, missed.length ? "turn" : "") + (missed.length ? "" : onward(module, step)),
  }));
  main.onclick = (event) => {
    if (!event.target.closest("[data-go=begin]")) return;
    if (!begun) {
      const asked = (id) => state.asked[id] ?? 0;
      const bank = course.modules.flatMap((one) => one.questions);
      const spare = allowance(course.final && !isPassed(course, state) ? course.final : null, bank, asked);
      const drawn = draw(counts, module.questions, { asked, spare, held: heldQuestions(course, state) });
      const number = nextNumber(state, module.questions);
      state.checks[module.id] = drawn.map((one) => ({ ...one, given: null, sure: null }));
      for (const one of drawn) state.asked[one.question] = number;
      keep();
    }
    ask(module, step, questions, begun ? open : 0);
  };
}

// Ask the question at this place of a try.
function pose(module, step, question, at, items, then) {
  const place = fill(course.words.questionOf, { number: at + 1, total: items.length });
  frame(module, step, place, items.map((_, number) => (number < at ? "on" : number === at ? "at" : "")));
  show(`<div class="wrap">${question.ask}</div>`, ".stem");
  main.onclick = null;
  listen(question, true, then);
}

function ask(module, step, questions, at) {
  const items = state.checks[module.id];
  const item = items[at], question = questions[item.question];
  pose(module, step, question, at, items, (given, sure) => {
    Object.assign(item, { given, sure });
    const last = at + 1 === items.length;
    if (last) closeTry(state, module, (one) => correct(questions[one.question], one.given));
    keep();
    show(fill(course.words.answerPage, {
      verdict: course.words.verdicts[`${sure} ${verdictName(question, given)}`], answered: answered(course, question, given),
      buttons: press("next", last ? course.words.seeHow : course.words.nextQuestion, "main"),
    }));
    main.onclick = (event) => {
      if (!event.target.closest("[data-go=next]")) return;
      if (last) showResult(module, step, questions); else ask(module, step, questions, at + 1);
    };
  });
}

function showResult(module, step, questions) {
  const { words } = course;
  frame(module, step);
  const items = state.checks[module.id];
  const results = new Map();
  for (const one of items) results.set(one.point, (results.get(one.point) ?? true) && correct(questions[one.question], one.given));
  const missed = openPoints(module);
  show(fill(words.resultPage, {
    heading: missed.length ? words.howItWent : words.allRight,
    line: fill(words.pointsRight[results.size], { right: [...results.values()].filter(Boolean).length }),
    rereads: rereads(missed),
    buttons: (missed.length ? press("again", words.remaining) : "") + onward(module, step),
    rows: items.map((one, number) => fill(fill(words.resultRow, { position: number + 1, words: `· ${correct(questions[one.question], one.given) ? words.right : words.notYet}` }), {
      answered: answered(course, questions[one.question], one.given, 4),
    })).join(""),
  }));
  main.onclick = (event) => { if (event.target.closest("[data-go=again]")) showCheck(module, step).catch(fail); };
}

async function showStory(module, step) {
  const story = (await data(module)).stories[step.id];
  const ref = `${module.id}/${step.id}`;
  const begun = (state.paths[ref] ?? []).length > 0;
  const { story: words } = course.words;
  const finished = begun && run(story, state.paths[ref]).finished;
  show(fill(story.opening, {
    buttons: finished ? onward(module, step) + press("tell", words.how, "") + press("again", words.again, "") : press("tell", begun ? words.carryOn : words.begin),
  }));
  main.onclick = (event) => {
    const go = event.target.closest("[data-go]")?.dataset.go;
    if (go === "again") { state.paths[ref] = []; keep(); }
    if (go) tell(module, step, story, ref, true);
  };
}

// One beat of a story, or its end. `slip` says that the newest decision cannot be taken back any more.
function tell(module, step, story, ref, slip = false) {
  const { words } = course;
  const now = run(story, state.paths[ref] ?? []);
  const [place, bits] = telling.place(words, story, now);
  frame(module, step, place, bits);
  const undo = !slip && now.path.length > 0 && !now.repairs.length;
  const good = now.ending && now.path.at(-1).choice.quality === "best";
  const motif = main.querySelector(".motif")?.outerHTML ?? "";
  const own = () => {
    if (now.finished && !state.done.has(ref)) { state.done.add(ref); keep(); }
  };
  const debrief = () => {
    own();
    show(telling.debrief(words, story, now, undo && good));
    main.querySelector("[data-onward]").insertAdjacentHTML("beforeend", onward(module, step));
  };
  if (!now.ending) show(telling.beat(words, story, now, undo));
  else if (!now.repairs.length && !slip && (now.repair.length || !good)) show(telling.ending(words, story, now, undo, motif));
  else if (now.at !== null) show(telling.repair(words, story, now));
  else debrief();
  if (now.ending && main.querySelector("#decide") === null) own();
  main.onsubmit = (event) => {
    event.preventDefault();
    const choice = event.submitter;
    if (choice?.name === "choice") state.paths[ref] = [...(state.paths[ref] ?? []), Number(choice.value)];
    else if (event.target.closest(".take-back")) state.paths[ref] = state.paths[ref].slice(0, -1);
    else return;
    keep();
    tell(module, step, story, ref, choice?.name !== "choice");
    if (choice?.name !== "choice") say(words.story.undone);
  };
  main.onclick = (event) => {
    const go = event.target.closest("[data-go]")?.dataset.go;
    if (go === "debrief") tell(module, step, story, ref, true);
    if (go === "again") { state.paths[ref] = []; keep(); tell(module, step, story, ref, true); }
  };
}

const SHOW = {
  page: showPage, check: showCheck, scenario: showStory, final: (module) => showFinal(ui, module),
  timeline: async (module, step) => showTimeline(ui, module, step, (await data(module)).timelines[step.id]),
};

function fail(error) {
  console.error(error);
  say(course.words.missing);
}

async function route() {
  flush();
  const found = /^#\/(?:([a-z0-9-]+)(?:\/([a-z0-9-]+))?)?$/.exec(location.hash || "#/");
  if (!found) return; // a place within a page
  turns += 1;
  main.onclick = main.onsubmit = null;
  const [, moduleId, stepId] = found;
  if (moduleId === "-concern") {
    frame(null);
    show(named("concern").innerHTML);
    if (state.where) main.querySelector("[data-back]").href = `#/${state.where}`;
    return;
  }
  const module = moduleOf(moduleId);
  const step = module?.steps.find((one) => one.id === stepId);
  if (!step) { showHome(); return; }
  const turn = ++turns;
  try {
    await (step.kind === "page" ? lesson(`${module.id}/${step.id}`) : step.kind === "final" ? allQuestions() : data(module));
    if (turn !== turns) return; // somebody went on while this was loaded
    frame(module, step);
    await SHOW[step.kind](module, step);
    state.where = `${module.id}/${step.id}`;
    keep();
  } catch (error) {
    fail(error);
  }
}

async function begin() {
  course = await (await get("course.json")).json();
  platform = connect(course.version);
  const { where, packed } = platform.resume();
  const kept = unpack(course, packed);
  state = kept ?? emptyState();
  ui = {
    course, state, final: finalModule(course), show, keep, frame, press, link, address, rereads, pointLinks, pose, listen, onward, allQuestions, fail,
    onPress: (deeds) => { main.onclick = (event) => deeds[event.target.closest("[data-go]")?.dataset.go]?.(); },
  };
  const [module, step] = where.split("/");
  if (kept && moduleOf(module)?.steps.some((one) => one.id === step)) state.where = where;
  addEventListener("hashchange", route);
  // A link to the step that is open already changes no address, and still means its beginning.
  document.addEventListener("click", (event) => {
    const pressed = event.target.closest?.('a[href^="#/"]');
    if (pressed && pressed.getAttribute("href") === (location.hash || "#/") && !event.ctrlKey && !event.metaKey) route();
  });
  addEventListener("pagehide", () => { flush(); platform.leave(); });
  // A phone may end a page that it hides without saying so.
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") { flush(); keep(); } });
  // A page that comes back from the browser's memory has no session any more.
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  if (!platform.connected) lasting = course.words.alone;
  else if (!platform.records) lasting = course.words.review;
  await route();
  say(packed && !kept && !lasting ? course.words.changed : "");
}

begin();
