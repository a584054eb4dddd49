// The pages of a story as HTML, put together from its pieces.
import { fill } from "./answers.js";
import { ahead, gaugeHistory, weights } from "./story.js";

// As the course's server rounds: a half goes to the even number.
function round(value) {
  const low = Math.floor(value), rest = value - low;
  return rest > 0.5 || (rest === 0.5 && low % 2) ? low + 1 : low;
}

const withoutEmpty = (html) => html.replace(/<path [^>]*\bd=""\/>/g, "");

function changed(words, story, before, after) {
  const items = story.gauges.flatMap((gauge, number) => (before[number] === after[number] ? [] : [fill(words.change[`${before[number]} ${after[number]}`], { label: gauge.label })]));
  return items.length ? fill(words.changes, { items: items.join("") }) : "";
}

const standing = (words, story, gauges) => story.gauges.map((gauge, number) => fill(words.gauge[gauges[number]], { label: gauge.label })).join("");

const buttons = (words, state, pattern = words.story.choice) => fill(words.story.choices, {
  buttons: state.open.map((choice, number) => fill(pattern, { n: number + 1, index: state.scene.choices.indexOf(choice), text: choice.text })).join("\n"),
});

/** A decision on the way. */
export function beat(words, story, state, undo) {
  const last = state.path.at(-1);
  const history = gaugeHistory(story, state.path);
  return fill(words.story.beat, {
    news: last ? last.choice.news + changed(words, story, history.at(-2), history.at(-1)) : story.intro,
    happened: state.scene.fresh, ask: state.scene.ask, choices: buttons(words, state), undo: undo ? words.story.undo : "",
    standing: standing(words, story, state.gauges),
    sofar: last ? fill(story.before, { items: state.path.map((made) => made.choice.told).join("\n") }) : "",
  });
}

/** A dangerous decision again. */
export function repair(words, story, state) {
  const tried = [...state.path, ...state.repairs].filter((made) => made.id === state.at).at(-1);
  return fill(words.story.repair, {
    label: state.repairs.at(-1) === tried ? words.story.notEither : words.story.stillOpen[state.repair.length],
    tried: tried.choice.tried ?? "", happened: state.scene.again, choices: buttons(words, state),
  });
}

/** How the story ended, before any decision is looked at again. */
export function ending(words, story, state, undo, motif) {
  const { choice } = state.path.at(-1);
  return fill(words.story.ending, {
    chose: choice.chose, consequence: choice.consequence, title: state.ending.title, text: state.ending.text, motif,
    undo: undo ? words.story.undo : "", words: state.repair.length ? words.story.stillOpen[state.repair.length] : words.story.how,
  });
}

/** The road taken as rows of { weight, key, values } for the pieces of a debrief. */
export function rows(story, state) {
  const history = gaugeHistory(story, state.path);
  const found = weights(story, state);
  return state.path.map(({ id, scene, choice }, place) => {
    const mended = choice.quality === "dangerous" ? state.repairs.filter((made) => made.id === id && ["best", "fair"].includes(made.choice.quality)).at(-1) : undefined;
    const better = mended?.choice ?? scene.choices.find((one) => one.quality === "best");
    let fall = null;
    story.gauges.forEach((gauge, number) => {
      const [before, after] = [history[place][number], history[place + 1][number]];
      if (after < before && (!fall || before - after > fall.before - fall.after)) fall = { label: gauge.label, before, after };
    });
    const weight = found[place], small = weight === "small-turn";
    const key = `${weight} ${small || weight === "bend" ? choice.quality : "-"} ${scene.time ? 1 : 0}${small && fall ? 1 : 0}${weight === "turn" && mended ? 1 : 0}`;
    return { weight, key, values: {
      number: place + 1, time: scene.time, text: choice.text, reason: choice.reason, first: choice.first,
      betterText: better.text, betterReason: better.reason, other: better.other, ...(fall ?? {}),
    } };
  });
}

function charts(words, story, state, road) {
  const history = gaugeHistory(story, state.path);
  return story.gauges.map((gauge, number) => {
    const values = history.map((all) => all[number]);
    const step = (288 - 12) / Math.max(1, values.length - 1);
    const dots = values.map((value, place) => [round(12 + place * step), round(76 - value * (76 - 12) / 5)]);
    const falls = road.flatMap((row, place) => (row.weight.endsWith("turn") && values[place + 1] < values[place] ? [`M${dots[place].join(" ")} ${dots[place + 1].join(" ")}`] : []));
    const [x, y] = dots.at(-1);
    return withoutEmpty(fill(words.chart, { label: gauge.label, values: values.join(", "), points: dots.map((dot) => dot.join(",")).join(" "), falls: falls.join(" "), x, y }));
  }).join("");
}

function picture(words, story, state, road) {
  const values = gaugeHistory(story, state.path).map((all) => all[0]);
  const step = (358 - 48) / Math.max(1, road.length);
  const dots = values.map((value, place) => [round(24 + place * step), round(104 - value * (80 / 5))]);
  const turns = road.findIndex((row) => row.weight.endsWith("turn"));
  const turn = turns < 0 ? road.length : turns;
  const line = (some) => (some.length > 1 ? `M${some.map((dot) => dot.join(" ")).join(" ")}` : "");
  const stops = road.map((row, place) => fill(words.stops[row.weight.endsWith("turn") ? 1 : 0], { x: dots[place][0], y: dots[place][1], below: dots[place][1] + 5.5, number: place + 1 }));
  return withoutEmpty(fill(words.road, {
    before: line(dots.slice(0, turn + 1)), after: line(dots.slice(turn)), notTaken: turn < road.length ? `M${dots[turn].join(" ")}L334 24` : "", stops: stops.join(""),
  }));
}

/** The debrief: how it ended, the road that was taken, and its turns. */
export function debrief(words, story, state, undo) {
  const road = rows(story, state);
  const right = state.path.filter((made) => made.choice.quality === "best");
  const points = [...new Set(state.path.flatMap((made) => made.scene.points))];
  const list = (texts) => texts.map((text) => `<li>${text}</li>`).join("");
  return fill(words.story.debrief, {
    chose: state.repairs.length ? "" : `<p class="chose">${state.path.at(-1).choice.consequence}</p>`,
    title: state.ending.title, text: state.ending.text, outcome: state.ending.outcome, undo: undo ? words.story.undo : "",
    picture: picture(words, story, state, road),
    heading: right.length ? fill(words.story.headings[road.length], { right: right.length }) : words.story.noneRight,
    road: road.map((row) => fill(words.rows[row.key], row.values)).join("\n"),
    debrief: state.ending.debrief, turning: state.ending.turning, charts: charts(words, story, state, road),
    turned: road.some((row) => row.weight.endsWith("turn")) ? words.story.turned : "",
    right: right.length ? fill(words.story.rightOnes[right.length], { items: list(right.map((made) => made.choice.reason)) }) : "",
    points: points.length ? fill(words.story.points, { items: list(points) }) : "",
  });
}

/** Where in the story the reader is: words, and bits for the strip. */
export function place(words, story, state) {
  const taken = state.path.length;
  if (state.ending) return [state.finished ? words.story.complete : words.story.ended, Array(taken).fill("on")];
  const rest = ahead(story, state.at);
  return [fill(words.story.place, { number: taken + 1, total: taken + rest }), [...Array(taken).fill("on"), "at", ...Array(Math.max(0, rest - 1)).fill("")]];
}
