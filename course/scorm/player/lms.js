// The learning platform behind the package: SCORM 1.2 or 2004, through one set of functions.
const PARENTS = 7;

function within(win, name) {
  for (let here = win, steps = 0; here && steps <= PARENTS; steps += 1) {
    try {
      if (here[name]) return here[name];
      if (here.parent === here) return null;
      here = here.parent;
    } catch {
      return null; // a window of another site
    }
  }
  return null;
}

/** The platform's object of this name: in a window around this one, or around the one that opened it. */
export function find(win, name) {
  const around = within(win, name);
  if (around) return around;
  try {
    const top = win.top;
    return (win.opener && within(win.opener, name)) || (top && top !== win && top.opener && within(top.opener, name)) || null;
  } catch {
    return null;
  }
}

/** Seconds as SCORM 1.2 writes them: 0000:00:00. */
export function time12(seconds) {
  const whole = Math.min(Math.max(0, Math.round(seconds)), 9999 * 3600 + 3599);
  const two = (number) => String(number).padStart(2, "0");
  return `${String(Math.floor(whole / 3600)).padStart(4, "0")}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

/** Seconds as SCORM 2004 writes them: PT0H0M0S. */
export function time2004(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  return `PT${Math.floor(whole / 3600)}H${Math.floor(whole / 60) % 60}M${whole % 60}S`;
}

const V12 = {
  start: "LMSInitialize", get: "LMSGetValue", set: "LMSSetValue", commit: "LMSCommit", end: "LMSFinish", error: "LMSGetLastError",
  location: "cmi.core.lesson_location", mode: "cmi.core.lesson_mode",
  /** Whether the platform has this unit as passed already. */
  passed: (get) => get("cmi.core.lesson_status") === "passed",
  values({ complete, passed, score, hold }) {
    const rows = [];
    if (!hold) rows.push(["cmi.core.lesson_status", !complete ? "incomplete" : passed ? "passed" : "failed"]);
    if (score !== null) rows.push(["cmi.core.score.min", "0"], ["cmi.core.score.max", "100"], ["cmi.core.score.raw", String(Math.round(100 * score))]);
    return rows;
  },
  leaving: (seconds) => [["cmi.core.session_time", time12(seconds)], ["cmi.core.exit", "suspend"]],
};
const V2004 = {
  start: "Initialize", get: "GetValue", set: "SetValue", commit: "Commit", end: "Terminate", error: "GetLastError",
  location: "cmi.location", mode: "cmi.mode",
  passed: (get) => get("cmi.success_status") === "passed",
  values({ complete, passed, score, progress, hold }) {
    const rows = [["cmi.progress_measure", String(Math.round(1e4 * progress) / 1e4)]];
    if (!hold) rows.push(["cmi.completion_status", complete ? "completed" : "incomplete"], ["cmi.success_status", !complete ? "unknown" : passed ? "passed" : "failed"]);
    if (score !== null) {
      rows.push(["cmi.score.min", "0"], ["cmi.score.max", "100"], ["cmi.score.raw", String(Math.round(100 * score))]);
      rows.push(["cmi.score.scaled", String(Math.round(1e4 * score) / 1e4)]);
    }
    return rows;
  },
  leaving: (seconds) => [["cmi.session_time", time2004(seconds)], ["cmi.exit", "suspend"], ["adl.nav.request", "suspendAll"]],
};

/** A connection for the version of the package. `connected` says whether there is a platform at all. */
export function connect(version, win = window, clock = Date.now) {
  const order = [["API_1484_11", V2004], ["API", V12]];
  if (version === "1.2") order.reverse();
  let api = null, spec = V12;
  for (const [name, found] of order) {
    api = api ?? find(win, name);
    if (api) { spec = found; break; }
  }
  const call = (name, ...rest) => { try { return String(api[name](...rest)); } catch { return ""; } };
  const began = clock();
  let open = api !== null && call(spec.start, "") === "true";
  const get = (name) => (open ? call(spec.get, name) : "");
  // A platform says that it refused a value; the others are still worth setting.
  const set = (rows) => rows.map(([name, value]) => call(spec.set, name, value) === "true").every(Boolean);
  const mode = get(spec.mode);
  const records = mode !== "browse" && mode !== "review";
  const wasPassed = open && spec.passed(get);
  return {
    connected: open,
    records: open && records,
    /** What was kept at the end of the last session: where, and the packed state. */
    resume: () => ({ where: get(spec.location), packed: get("cmi.suspend_data") }),
    /** Keep how things are now; false if the platform did not take it. What it has as passed stays passed. */
    save(state) {
      if (!open || !records) return true;
      const hold = wasPassed && !(state.complete && state.passed);
      const score = hold ? null : state.score;
      const rows = [[spec.location, state.where], ["cmi.suspend_data", state.packed], ...spec.values({ ...state, score, hold })];
      const taken = set(rows);
      return call(spec.commit, "") === "true" && taken;
    },
    /** End the session, so that it can be resumed. Only the first call does anything. */
    leave() {
      if (!open) return;
      if (records) set(spec.leaving((clock() - began) / 1000));
      call(spec.commit, "");
      call(spec.end, "");
      open = false;
    },
  };
}
