// Everything the page knows, and what the tile says about it. Pure: `reduce(state, action)` returns the next state,
// `tile(state)` what a participant should see. No element, socket or clock in here.

const LINES_KEPT = 12;
const LABEL_MOST = 60; // signs of a hand's label: six words are about thirty
export const LINES_SHOWN = 3;

/**
 * @typedef {object} PageState
 * @property {"connecting"|"open"|"lost"|"refused"|"replaced"} connection
 * @property {boolean} away the connection has been lost for longer than a breath
 * @property {import("./messages.js").AgentState} agent
 * @property {string} detail
 * @property {string} name
 * @property {string} session
 * @property {number} epoch
 * @property {number} reply 0 while nothing is being spoken
 * @property {"unknown"|"live"|"denied"|"missing"|"ended"} mic
 * @property {boolean} feed
 * @property {boolean} blocked the browser does not let us sound yet
 * @property {boolean} ducked
 * @property {import("./messages.js").Card|null} card
 * @property {string} hand label of the raised hand, "" while it is down
 * @property {import("./messages.js").Line[]} lines
 */

/** @param {string} name @returns {PageState} */
export function initial(name) {
  return {
    connection: "connecting",
    away: false,
    agent: "listening",
    detail: "",
    name,
    session: "",
    epoch: 0,
    reply: 0,
    mic: "unknown",
    feed: false,
    blocked: false,
    ducked: false,
    card: null,
    hand: "",
    lines: [],
  };
}

/** @param {PageState} state @param {{type: string}} action a message from the backend, or a fact of the page */
export function reduce(state, action) {
  switch (action.type) {
    case "welcome":
      return {
        ...state,
        connection: "open",
        away: false,
        session: action.session,
        name: action.name,
        epoch: Math.max(state.epoch, action.epoch),
        agent: action.state,
        detail: "",
        card: action.card,
        hand: labelOf(action.hand),
        lines: action.lines.slice(-LINES_KEPT),
      };
    case "state":
      return { ...state, agent: action.state, detail: action.detail };
    case "begin":
      // It has the floor: who speaks does not ask for it.
      return action.epoch < state.epoch ? state : { ...state, epoch: action.epoch, reply: action.reply, hand: "" };
    case "flush":
      return { ...state, epoch: Math.max(state.epoch, action.epoch), reply: action.epoch > state.epoch ? 0 : state.reply };
    case "over":
      return state.reply === action.reply ? { ...state, reply: 0 } : state;
    case "line":
      return { ...state, lines: merge(state.lines, action) };
    case "card":
      return { ...state, card: action.card };
    case "hand":
      return { ...state, hand: labelOf(action.label) };
    case "connection":
      return { ...state, connection: action.state, away: action.state === "open" ? false : state.away };
    case "away":
      return state.connection === "lost" ? { ...state, away: true } : state;
    case "mic":
      return { ...state, mic: action.state };
    case "feed":
      return { ...state, feed: action.connected };
    case "blocked":
      return { ...state, blocked: action.blocked };
    case "ducked":
      return { ...state, ducked: action.ducked };
    default:
      return state;
  }
}

/** The same id replaces its line in place; a new one goes to the end. */
function merge(lines, { id, speaker, text, final, agent }) {
  const line = { id, speaker, text, final, agent };
  const at = lines.findIndex((known) => known.id === id);
  if (at >= 0) return lines.with ? lines.with(at, line) : Object.assign([...lines], { [at]: line });
  return [...lines, line].slice(-LINES_KEPT);
}

/** @param {string} label @returns {string} one short line; the tile cuts what is still too wide */
function labelOf(label) {
  return [...label.replace(/\s+/g, " ").trim()].slice(0, LABEL_MOST).join("");
}

const WORDS = {
  connecting: "Connecting",
  listening: "Listening",
  thinking: "Thinking",
  speaking: "Speaking",
  muted: "Muted",
  trouble: "One moment",
  gone: "Away",
};

/**
 * @param {PageState} state
 * @param {string[]} captions own words being spoken
 * @returns {{mark: string, word: string, stage: "alone"|"talk"|"card", sentence: string, note: string,
 *   captions: string[], lines: import("./messages.js").Line[], card: object|null, hand: string, name: string}}
 */
export function tile(state, captions) {
  const sentence = sentenceOf(state);
  const mark = markOf(state);
  const quiet = mark === "gone" || mark === "connecting" || sentence !== "";
  const lines = quiet ? [] : state.lines.filter((line) => line.text.trim() !== "").slice(-LINES_SHOWN);
  const card = quiet ? null : state.card;
  const shown = sentence ? [] : captions;
  const hand = quiet || mark === "speaking" || state.blocked ? "" : state.hand;
  const something = sentence !== "" || shown.length > 0 || lines.length > 0;
  return {
    mark,
    word: WORDS[mark],
    stage: card ? "card" : something ? "talk" : "alone",
    sentence,
    note: hand ? "" : noteOf(state, mark),
    captions: shown,
    lines,
    card,
    hand,
    name: state.name,
  };
}

function markOf(state) {
  if (state.connection === "refused" || state.connection === "replaced") return "gone";
  if (state.connection === "connecting") return "connecting";
  if (state.connection === "lost") return state.away || !state.session ? "connecting" : state.agent;
  return state.agent;
}

/** Trouble is one calm sentence and takes the place of everything else that could be said. */
function sentenceOf(state) {
  if (state.connection === "replaced") return "This seat was taken by another window.";
  if (state.connection === "refused") return "This link is no longer valid.";
  if (state.connection === "open" && state.agent === "trouble") return state.detail || "I need a moment.";
  return "";
}

function noteOf(state, mark) {
  if (mark === "gone") return "";
  if (state.blocked) return "Click once to hear me";
  if (mark === "connecting" || mark === "trouble") return "";
  if (state.detail) return state.detail;
  if (state.mic === "denied" || state.mic === "missing") return "I can read along, but not hear";
  return "";
}

/** What `documentElement.dataset.state` says: the agent's state, or the connection's while there is none. */
export function label(state) {
  return state.connection === "open" ? state.agent : state.connection;
}
