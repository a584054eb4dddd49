// A run of a story, derived from its choices alone: the rules of the course's server over the data of the package.
const REPAIRING = ["best", "fair"];
const MOST_GAUGE = 5;
const FEWEST_CHOICES = 2; // a repair never offers fewer

const moved = (value, change) => Math.min(MOST_GAUGE, Math.max(0, value + change));

function holds(when, facts) {
  if (!when) return true;
  return when.done.every((name) => facts.decided.has(name))
    && (!when.anyDone.length || when.anyDone.some((name) => facts.decided.has(name)))
    && !when.notDone.some((name) => facts.decided.has(name))
    && when.gauges.every(([gauge, level]) => facts.gauges[gauge] >= level)
    && when.gaugesBelow.every(([gauge, level]) => facts.gauges[gauge] < level)
    && !(when.noDangerous && facts.dangerous)
    && (!when.recommended || 100 * facts.best >= when.recommended * facts.decisions);
}

/** The values of all gauges at the start and after each decision. */
export function gaugeHistory(story, path) {
  const history = [story.gauges.map((gauge) => gauge.start)];
  for (const { choice } of path) history.push(history.at(-1).map((value, gauge) => moved(value, choice.effects[gauge])));
  return history;
}

function earned(story, sceneId, path, gauges) {
  const facts = {
    decided: new Set(path.map((made) => `${made.id}/${made.choice.id}`)), gauges,
    dangerous: path.some((made) => made.choice.quality === "dangerous"),
    decisions: path.length, best: path.filter((made) => made.choice.quality === "best").length,
  };
  const endings = story.scenes[sceneId].endings;
  const ending = endings.find((one) => holds(one.when, facts)) ?? endings.at(-1);
  const shown = (passages) => passages.filter((one) => holds(one.when, facts)).map((one) => one.text).join("");
  return { ...ending, text: ending.text + shown(ending.passages), debrief: ending.debrief + shown(ending.debriefPassages) };
}

function toRepair(made) {
  const open = new Map();
  for (const { id, scene, choice } of made) {
    if (scene.critical && choice.quality === "dangerous") { if (!open.has(id)) open.set(id, scene); }
    else if (REPAIRING.includes(choice.quality)) open.delete(id);
  }
  return [...open.keys()];
}

function repairChoices(id, scene, made) {
  let choices = scene.choices.filter((choice) => choice.most === undefined);
  if (!choices.some((choice) => REPAIRING.includes(choice.quality))) choices = [...scene.choices];
  for (const one of made)
    if (one.id === id && !REPAIRING.includes(one.choice.quality) && choices.length > FEWEST_CHOICES) choices = choices.filter((choice) => choice !== one.choice);
  return choices;
}

/** The state after these choices, each the place of a choice in its scene; a choice that is not there ends the walk.
 * `at` is the scene of the next decision (null: finished), `open` its choices, `repair` the scenes still to be put right. */
export function run(story, chosen) {
  const path = [], repairs = [];
  let here = story.start, ending = null, gauges = story.gauges.map((gauge) => gauge.start), repair = [];
  const settle = () => {
    if (!story.scenes[here].endings) return;
    ending = ending ?? earned(story, here, path, gauges);
    repair = toRepair([...path, ...repairs]);
  };
  settle();
  for (const place of chosen) {
    const id = ending ? repair[0] : here;
    const scene = id === undefined ? null : story.scenes[id];
    const choice = scene?.choices[place];
    if (!choice) break;
    if (ending) repairs.push({ id, scene, choice });
    else {
      path.push({ id, scene, choice });
      gauges = gauges.map((value, gauge) => moved(value, choice.effects[gauge]));
      here = choice.to;
    }
    settle();
  }
  const at = ending ? repair[0] ?? null : here;
  const scene = at === null ? null : story.scenes[at];
  const open = !scene ? [] : ending ? repairChoices(at, scene, [...path, ...repairs])
    : scene.choices.filter((choice) => choice.most === undefined || path.filter((made) => made.choice === choice).length < choice.most);
  return { path, repairs, ending, at, scene, open, gauges, repair, finished: ending !== null && !repair.length };
}

/** How many decisions lie ahead on the recommended way. */
export function ahead(story, id) {
  let count = 0;
  for (let scene = story.scenes[id]; scene.choices && count <= Object.keys(story.scenes).length; count += 1) scene = story.scenes[scene.choices.find((choice) => choice.quality === "best").to];
  return count;
}

/** What each decision was for the story: "turn", "small-turn", "bend", "held" or "straight". */
export function weights(story, state) {
  const history = gaugeHistory(story, state.path);
  const changes = state.path.map((_, place) => history[place].map((value, gauge) => history[place + 1][gauge] - value));
  const found = state.path.map(({ scene, choice }, place) => {
    if (choice.quality === "best") return scene.critical ? "held" : "straight";
    return choice.quality === "dangerous" || scene.critical || changes[place].some((change) => change < 0) ? "small-turn" : "bend";
  });
  const small = found.filter((weight) => weight === "small-turn").length;
  const sizes = [];
  state.path.forEach(({ choice }, place) => {
    const turned = changes[place].filter(Boolean);
    const fall = turned.length ? Math.max(...turned.map((change) => -change)) : 0;
    const move = Math.max(0, ...turned.map(Math.abs));
    const dangerous = choice.quality === "dangerous";
    if (dangerous || (choice.quality === "poor" && move >= 2)) sizes.push({ place, dangerous, fall });
  });
  let large;
  if (!sizes.length && state.ending?.turned) large = state.path.flatMap(({ choice }, place) => (choice.quality === "poor" ? [place] : [])).slice(0, 1);
  else {
    sizes.sort((a, b) => Number(b.dangerous) - Number(a.dangerous) || b.fall - a.fall || a.place - b.place);
    large = sizes.slice(0, state.path.length < 8 && small < 3 ? 2 : 1).map((one) => one.place);
  }
  for (const place of large) found[place] = "turn";
  return found;
}
