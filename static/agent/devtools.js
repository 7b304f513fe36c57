// For whoever opens the inspector on a live bot: User Timing marks, one folded console group per turn, a ring of the
// last events and the `window.parley` handle. Nothing here ever holds what people say.

const EVENTS = 200;
const TRACK = { dataType: "track-entry", track: "Agent", trackGroup: "Parley" };
const COLORS = { thinking: "secondary-dark", waiting: "tertiary", speaking: "primary" };

export function createDevtools() {
  /** @type {{t: number, type: string}[]} */ const events = [];
  /** @type {{reply: number, at: Object<string, number>}} */ let turn = { reply: 0, at: {} };

  function note(type, facts = {}) {
    events.push({ t: Math.round(performance.now()), type, ...facts });
    if (events.length > EVENTS) events.shift();
  }

  /** @param {string} name @param {{reply?: number, at?: number}} detail */
  function mark(name, { reply = turn.reply, at = performance.now() } = {}) {
    note(name, { reply });
    if (name === "heard-partial") performance.clearMarks("parley:heard-partial"); // many: only the last one counts
    performance.mark(`parley:${name}`, { startTime: at, detail: { reply, devtools: { ...TRACK, dataType: "marker" } } });
    turn.at[name] = at;
    if (name === "begin") turn.reply = reply;
    if (name === "end" || name === "silent") close();
  }

  function measure(name, from, to) {
    const start = turn.at[from];
    const end = turn.at[to];
    if (start === undefined || end === undefined || end < start) return null;
    const detail = { reply: turn.reply, devtools: { ...TRACK, color: COLORS[name] } };
    performance.measure(`parley ${name}`, { start, end, detail });
    return Math.round(end - start);
  }

  function close() {
    const over = turn.at.end !== undefined ? "end" : "silent";
    const facts = {
      thinking: measure("thinking", "end-of-turn", "begin"),
      waiting: measure("waiting", "begin", "first-sound"),
      speaking: measure("speaking", "first-sound", over),
    };
    console.groupCollapsed(`parley reply ${turn.reply} ${over === "end" ? "spoken" : "stopped"}`);
    console.table(facts);
    console.groupEnd();
    turn = { reply: turn.reply, at: {} };
    // The timeline keeps entries for ever; a long meeting should not.
    if (performance.getEntriesByType("mark").length > 2000) performance.clearMarks();
    if (performance.getEntriesByType("measure").length > 600) performance.clearMeasures();
  }

  return {
    events,
    note,
    mark,
    /** Publish the handle. @param {{version: string, state: () => object, stats: () => object, overlay: () => void}} page */
    publish({ version, state, stats, overlay }) {
      const handle = { version, events, stats, overlay };
      Object.defineProperty(handle, "state", { get: state, enumerable: true });
      globalThis.parley = Object.freeze(handle);
    },
  };
}
