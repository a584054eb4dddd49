// The rules of marking, as the course's server has them. Pure functions over the data of the package.
const FINAL_TRIES = 3; // for which checks leave questions, as far as the bank reaches
const LEAST_FOR_CHECK = 2; // questions of each point

/** For each option (or pair of neighbours) whether an answer treats it rightly. `question` has `form` and `options` with `c`
 * (correct) and `g` (index of its group); an answer is indices of options or, for "sort", of groups. */
export function parts(question, given) {
  const { form, options } = question;
  if (form === "sort") return options.map((option, index) => option.g === given[index]);
  if (form === "order") {
    const next = new Map(given.slice(1).map((index, place) => [given[place], index]));
    return options.slice(1).map((_, index) => next.get(index) === index + 1);
  }
  const chosen = new Set(given);
  if (form === "first-words" || form === "record") {
    const done = new Set(given.filter((index) => options[index].c).map((index) => options[index].g));
    return options.map((option, index) => (chosen.has(index) ? option.c : !option.c || done.has(option.g)));
  }
  return options.map((option, index) => option.c === chosen.has(index));
}

/** Whether an answer is right as a whole. */
export const correct = (question, given) => parts(question, given).every(Boolean);

/** How many questions a check asks of each point: one, and further ones, safety-critical points first. */
export function checkCounts(course, points) {
  const counts = new Map(points.map((point) => [point, 1]));
  const total = () => [...counts.values()].reduce((sum, count) => sum + count, 0);
  const sorted = [...points].sort((a, b) => Number(course.critical.includes(b)) - Number(course.critical.includes(a)));
  for (let round = 1; round < course.checkPerPoint; round += 1)
    for (const point of sorted) if (total() < course.checkQuestions) counts.set(point, counts.get(point) + 1);
  return [...counts];
}

/** How many questions on each point, that were never asked, a check may use up: the others are kept for the final assessment.
 * `final` says how many questions that asks on each point: [point, count]. Empty without one. */
export function allowance(final, bank, asked) {
  return new Map((final ?? []).map(([point, each]) => {
    const own = bank.filter((question) => question.points.includes(point));
    const kept = Math.max(0, Math.min(FINAL_TRIES * each, own.length - LEAST_FOR_CHECK), Math.min(each, own.length - 1));
    return [point, own.filter((question) => !asked(question.id)).length - kept];
  }));
}

/** The questions of one try, for each point as many as `counts` says: those never asked first, then those asked longest ago;
 * other forms before the same again, each once.
 *
 * `bank` is a list of questions; `asked` says of a question's id in which try it was last asked (0: never). `spare` limits for
 * a point how many that were never asked may be used up. `held` are the ids of questions of the final assessment whose
 * answers are not told yet: a check takes them last, the `final` assessment before those that were explained. */
export function draw(counts, bank, { asked, spare = new Map(), held = new Set(), final = false, chance = Math.random }) {
  const sorted = [...bank].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  const need = new Map(counts), left = new Map(spare), fresh = new Map();
  const change = (map, key, by) => { if (map.has(key)) map.set(key, map.get(key) + by); };
  for (const question of bank) for (const point of question.points) fresh.set(point, (fresh.get(point) ?? 0) + (asked(question.id) ? 0 : 1));
  const unasked = (point) => fresh.get(point) ?? 0;
  const group = (question) => {
    if (held.has(question.id)) return final ? 1 : 4;
    if (asked(question.id)) return 2;
    return question.points.every((point) => (left.get(point) ?? 1) > 0) ? 0 : 3;
  };
  const scarce = (question, point) => question.points.some((other) => other !== point && unasked(other) > 0 && unasked(other) <= (need.get(other) ?? 0));
  const taken = new Set();
  const drawn = [];
  for (const [point, count] of [...counts].sort((a, b) => unasked(a[0]) - a[1] - (unasked(b[0]) - b[1]))) {
    const forms = [];
    for (let n = 0; n < count; n += 1) {
      const rank = (question) => [group(question), asked(question.id), Number(scarce(question, point)), forms.filter((form) => form === question.form).length, Number(question.points[0] !== point), chance()];
      const candidates = sorted.filter((question) => question.points.includes(point) && !taken.has(question.id)).map((question) => [rank(question), question]);
      if (!candidates.length) break;
      candidates.sort(([a], [b]) => { const at = a.findIndex((value, place) => value !== b[place]); return at < 0 ? 0 : a[at] - b[at]; });
      const best = candidates[0][1];
      taken.add(best.id);
      change(need, point, -1);
      if (!asked(best.id)) for (const used of best.points) { change(fresh, used, -1); change(left, used, -1); }
      forms.push(best.form);
      drawn.push({ question: best.id, point });
    }
  }
  for (let last = drawn.length - 1; last > 0; last -= 1) {
    const other = Math.floor(chance() * (last + 1));
    [drawn[last], drawn[other]] = [drawn[other], drawn[last]];
  }
  return drawn;
}

/** For each point of [point, correct] whether all its answers in this try are right. */
export function resultsByPoint(answers) {
  const results = new Map();
  for (const [point, right] of answers) results.set(point, (results.get(point) ?? true) && right);
  return results;
}

/** Passed with the pass mark (per cent of the points) and every safety-critical point right. `missed` has those first. */
export function assess(right, points, critical, passMark) {
  const count = points.filter((point) => right.has(point)).length;
  const wrong = points.filter((point) => !right.has(point));
  const missedCritical = wrong.filter((point) => critical.includes(point));
  const missed = [...missedCritical, ...wrong.filter((point) => !critical.includes(point))];
  return { passed: 100 * count >= passMark * points.length && !missedCritical.length, right: count, asked: points.length, missed, missedCritical };
}
