// The page after an answer, put together from the pieces that the course's own templates made.
import { correct, parts } from "./rules.js";

/** A text with its {names} filled in; a name without a value stays. */
export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));

/** How right an answer is, as the verdicts are named. */
export function verdictName(question, given) {
  if (correct(question, given)) return "right";
  if (question.form === "one") return "unsafe";
  return parts(question, given).some(Boolean) ? "partly" : "wrong";
}

// The options of an outcome in the order in which its piece numbers them, and the key of the piece.
function outcome(question, given) {
  const { form, options, order } = question;
  const chosen = new Set(given);
  const some = (keep) => order.filter(keep);
  if (form === "one") {
    const best = some((index) => options[index].c), right = options[given[0]].c;
    const rest = some((index) => !options[index].c && !chosen.has(index));
    return [`one ${best.length} ${options.length} ${right ? 1 : 0}`, [...best, ...(right ? [] : given), ...rest]];
  }
  if (form === "all") {
    const kinds = [
      some((index) => options[index].c && !chosen.has(index)), some((index) => !options[index].c && chosen.has(index)),
      some((index) => options[index].c && chosen.has(index)), some((index) => !options[index].c && !chosen.has(index)),
    ];
    return [`all ${kinds.map((kind) => kind.length).join(" ")}`, kinds.flat()];
  }
  if (form === "sort") {
    const wrong = some((index) => options[index].g !== given[index]), right = some((index) => options[index].g === given[index]);
    return [`sort ${wrong.length} ${right.length}`, [...wrong, ...right]];
  }
  const numbered = [], key = [];
  given.forEach((index, part) => {
    const better = some((other) => options[other].g === part && options[other].c);
    numbered.push(index, ...(options[index].c ? [] : better));
    key.push(options[index].c ? "1" : `0${better.length}`);
  });
  return [`${form} ${question.intro ? "i" : "-"} ${key.join(".")}`, numbered];
}

function ordered(course, question, given, level) {
  const follows = parts(question, given);
  const { lines } = course.words;
  const html = question.options.map((option, index) => {
    const place = given.indexOf(index) + 1;
    const on = index ? follows[index - 1] : place === 1;
    return fill(on ? (index ? lines.follows : lines.first) : lines[place], option);
  });
  return fill(course.shells[`${level} order ${question.options.length}`], { stem: question.stem, right: follows.filter(Boolean).length, lines: html.join("\n") });
}

/** The question with its answers and reasons, as HTML. `level` is that of its headings: 2 or 4. */
export function answered(course, question, given, level = 2) {
  if (question.form === "order") return ordered(course, question, given, level);
  const [key, numbered] = outcome(question, given);
  const values = { stem: question.stem, intro: question.intro };
  question.groups.forEach((group, number) => { values[`p${number}`] = group; });
  numbered.forEach((index, number) => {
    const option = question.options[index];
    values[`t${number}`] = option.t;
    values[`r${number}`] = option.r;
    if (option.d) values[`d${number}`] = option.d;
    if (option.s) values[`s${number}`] = option.s;
    if (question.form === "sort") {
      values[`g${number}`] = question.groups[option.g];
      values[`m${number}`] = question.groups[given[index]];
    }
  });
  return fill(course.shells[`${level} ${key}`], values);
}

/** An answered timeline as HTML. */
export function answeredTimeline(course, timeline, marked) {
  const found = marked.filter((index) => timeline.missed[index]).length;
  const values = { found, extra: course.words.extra[marked.length - found] ?? "" };
  timeline.moments.forEach((pair, index) => { values[`m${index}`] = pair[marked.includes(index) ? 1 : 0]; });
  return fill(timeline.answer, values);
}

const numbers = (values) => values.map(Number);

/** The answer in a form, given its entries: { given } or { missing } with the fields and what is said of them. */
export function readAnswer(question, entries) {
  const all = new Map();
  for (const [name, sent] of entries) all.set(name, [...(all.get(name) ?? []), sent]);
  const { form, order } = question;
  const missing = (wanted) => question.missing.filter(([field]) => wanted(field));
  const at = (name) => { const [one] = numbers(all.get(name) ?? []); return Number.isInteger(one) && one > 0 ? one : null; };
  if (form === "sort") {
    const given = [];
    order.forEach((index, place) => { given[index] = (at(`group-${place + 1}`) ?? 0) - 1; });
    const gaps = missing((field) => at(field.replace(/-1$/, "")) === null);
    return gaps.length ? { missing: gaps } : { given };
  }
  if (form === "order") {
    const places = order.map((_, place) => at(`place-${place + 1}`));
    const bad = (field) => { const own = at(field); return own === null || places.filter((one) => one === own).length > 1; };
    const gaps = missing(bad);
    if (gaps.length) return { missing: gaps };
    const given = [];
    places.forEach((place, number) => { given[place - 1] = order[number]; });
    return { given };
  }
  if (form === "first-words" || form === "record") {
    const gaps = missing((field) => at(field.replace(/-1$/, "")) === null);
    return gaps.length ? { missing: gaps } : { given: question.groups.map((_, part) => order[at(`part-${part + 1}`) - 1]) };
  }
  const given = [...new Set(numbers(all.get("answer") ?? []))].map((place) => order[place - 1]).sort((a, b) => a - b);
  return given.length ? { given } : { missing: question.missing };
}

/** Show the mistakes of a form: all together at the top, and each at its field. `words` are those of the course. */
export function showMistakes(words, form, missing) {
  for (const old of form.querySelectorAll(".wrong-answer, .mistake")) old.remove();
  for (const old of form.querySelectorAll("[aria-invalid]")) { old.removeAttribute("aria-invalid"); old.removeAttribute("aria-describedby"); }
  const said = [...new Map(missing.map(([field, message]) => [message, [field, message]]).reverse()).values()].reverse();
  const [before, item, after] = words.mistakes.split(/(<li>.*<\/li>)/s);
  form.insertAdjacentHTML("afterbegin", before + said.map(([field, message]) => fill(item, { field, message: message.replace(/[&<]/g, (sign) => `&#${sign.charCodeAt(0)};`) })).join("") + after);
  for (const [field, message] of missing) {
    const input = document.getElementById(field);
    if (!input) continue;
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-describedby", `${field}-mistake`);
    const html = fill(words.mistakeAt, { field, message: message.replace(/[&<]/g, (sign) => `&#${sign.charCodeAt(0)};`) });
    const placed = input.closest(".placed");
    if (placed) placed.insertAdjacentHTML("afterend", html);
    else input.closest("fieldset").querySelector("legend").insertAdjacentHTML("afterend", html);
  }
  form.querySelector(".wrong-answer").focus();
}
