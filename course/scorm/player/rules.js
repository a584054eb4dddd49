// The rules of marking, as the course's server has them. Pure functions over the data of the package.

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

/** The questions of one try: for each point those asked least and longest ago, other forms before the same again, each once.
 * `bank` is a list of questions; `asked` says of a question's id in which try it was last asked (0: never). */
export function draw(counts, bank, asked, chance = Math.random) {
  const taken = new Set();
  const drawn = [];
  const fresh = (point) => bank.filter((question) => question.points.includes(point) && !asked(question.id)).length;
  for (const [point, count] of [...counts].sort((a, b) => fresh(a[0]) - a[1] - (fresh(b[0]) - b[1]))) {
    const forms = [];
    for (let n = 0; n < count; n += 1) {
      const rank = (question) => [asked(question.id), forms.filter((form) => form === question.form).length, Number(question.points[0] !== point), chance()];
      const candidates = bank.filter((question) => question.points.includes(point) && !taken.has(question.id)).map((question) => [rank(question), question]);
      if (!candidates.length) break;
      candidates.sort(([a], [b]) => { const at = a.findIndex((value, place) => value !== b[place]); return at < 0 ? 0 : a[at] - b[at]; });
      const best = candidates[0][1];
      taken.add(best.id);
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

/** Passed with the pass mark (per cent of the points) and every safety-critical point right. */
export function assess(right, points, critical, passMark) {
  const count = points.filter((point) => right.has(point)).length;
  const missedCritical = points.filter((point) => critical.includes(point) && !right.has(point));
  return { passed: 100 * count >= passMark * points.length && !missedCritical.length, right: count, asked: points.length, missedCritical };
}
