// The messages between page and backend. server/core/messages.py is the truth, docs/protocol.md says what each one
// means, and a test fails when the three disagree. Text from outside is checked here once, at the edge.

export const VERSION = 1;
export const VOICE = 1;
export const SOUND = 2;
export const HEADER_BYTES = 20;

/** @typedef {"listening"|"thinking"|"speaking"|"muted"|"trouble"} AgentState */
/**
 * @typedef {object} Card
 * @property {"text"|"list"|"table"|"image"|"bar"|"line"} kind
 * @property {string} title
 * @property {string} text
 * @property {string[]} items
 * @property {string[]} columns
 * @property {string[][]} rows
 * @property {string} source
 * @property {string[]} labels
 * @property {number[]} values
 */
/**
 * @typedef {object} Resume
 * @property {number} epoch
 * @property {number} reply
 * @property {number} played samples
 */
/**
 * @typedef {object} Hello
 * @property {"hello"} type
 * @property {string} token
 * @property {string} page
 * @property {number} version
 * @property {Resume|null} resume
 * @property {boolean} debug
 */
/**
 * @typedef {object} TranscriptRaw
 * @property {"transcript"} type
 * @property {number} seq
 * @property {object} raw
 * @property {number} age milliseconds
 */
/**
 * @typedef {object} Feed
 * @property {"feed"} type
 * @property {boolean} connected
 */
/**
 * @typedef {object} Played
 * @property {"played"} type
 * @property {number} epoch
 * @property {number} reply
 * @property {number} samples
 * @property {number} buffered samples
 * @property {number} underruns
 * @property {boolean} ended
 */
/**
 * @typedef {object} Flushed
 * @property {"flushed"} type
 * @property {number} epoch
 * @property {number} reply
 * @property {number} samples
 */
/**
 * @typedef {object} Mic
 * @property {"mic"} type
 * @property {"live"|"denied"|"missing"|"ended"} state
 * @property {number} rate
 * @property {number} channels
 */
/**
 * @typedef {object} Onset
 * @property {"onset"} type
 * @property {number} level dBFS
 */
/**
 * @typedef {object} Health
 * @property {"health"} type
 * @property {Object<string, number>} values
 */
/**
 * @typedef {object} PageTrouble
 * @property {"trouble"} type
 * @property {string} code
 */
/**
 * @typedef {object} Ping
 * @property {"ping"} type
 * @property {number} t
 */
/**
 * @typedef {object} Line
 * @property {"line"} type
 * @property {string} id
 * @property {string} speaker
 * @property {string} text
 * @property {boolean} final
 * @property {boolean} agent
 */
/**
 * @typedef {object} Welcome
 * @property {"welcome"} type
 * @property {string} session
 * @property {string} name
 * @property {number} epoch
 * @property {AgentState} state
 * @property {number} acked
 * @property {Line[]} lines
 * @property {Card|null} card
 * @property {Resume|null} resume
 * @property {number} version
 * @property {string} hand
 */
/**
 * @typedef {object} State
 * @property {"state"} type
 * @property {AgentState} state
 * @property {string} detail
 */
/**
 * @typedef {object} Begin
 * @property {"begin"} type
 * @property {number} epoch
 * @property {number} reply
 */
/**
 * @typedef {object} Piece
 * @property {"piece"} type
 * @property {number} epoch
 * @property {number} reply
 * @property {number} index
 * @property {number} start
 * @property {string} text
 */
/**
 * @typedef {object} Marks
 * @property {"marks"} type
 * @property {number} epoch
 * @property {number} reply
 * @property {number} index
 * @property {[number, number, number][]} words offset, length, sample
 * @property {[string, number][]} mouth shape, sample
 */
/**
 * @typedef {object} End
 * @property {"end"} type
 * @property {number} epoch
 * @property {number} reply
 * @property {number} samples
 */
/**
 * @typedef {object} Flush
 * @property {"flush"} type
 * @property {number} epoch
 */
/**
 * @typedef {object} Pause
 * @property {"pause"} type
 * @property {number} epoch
 * @property {number} reply
 */
/**
 * @typedef {object} Continue
 * @property {"continue"} type
 * @property {number} epoch
 * @property {number} reply
 */
/**
 * @typedef {object} Duck
 * @property {"duck"} type
 * @property {number} db
 * @property {number} ramp milliseconds
 */
/**
 * @typedef {object} ShowCard
 * @property {"card"} type
 * @property {Card|null} card
 */
/**
 * @typedef {object} Hand
 * @property {"hand"} type
 * @property {string} label "" lowers it
 */
/**
 * @typedef {object} Ack
 * @property {"ack"} type
 * @property {number} seq
 */
/**
 * @typedef {object} Problem
 * @property {"problem"} type
 * @property {string} code
 * @property {string} message
 * @property {boolean} fatal
 */
/**
 * @typedef {object} Pong
 * @property {"pong"} type
 * @property {number} t
 */

export class MessageError extends Error {}

// ---- checks: each takes a value and returns it, or throws a MessageError that names no content

const fail = (what) => {
  throw new MessageError(what);
};
const text = (v) => (typeof v === "string" ? v : fail("not a text"));
const flag = (v) => (typeof v === "boolean" ? v : fail("not true or false"));
const number = (v) => (typeof v === "number" && Number.isFinite(v) ? v : fail("not a number"));
const count = (v) => (Number.isSafeInteger(v) && v >= 0 ? v : fail("not a whole number"));
const oneOf = (...words) => (v) => (words.includes(v) ? v : fail("not a known word"));
const many = (check, most) => (v) =>
  Array.isArray(v) ? v.slice(0, most).map((item) => check(item)) : fail("not a list");
const tuple = (...checks) => (v) =>
  Array.isArray(v) && v.length === checks.length ? checks.map((check, i) => check(v[i])) : fail("not a tuple");
const nullable = (check) => (v) => (v === null ? null : check(v));
const plainObject = (v) => (v !== null && typeof v === "object" && !Array.isArray(v) ? v : fail("not an object"));
const optional = (check, otherwise) => Object.assign((v) => check(v), { otherwise });

function record(shape) {
  const names = Object.keys(shape);
  return (v) => {
    plainObject(v);
    const out = {};
    for (const name of names) {
      const check = shape[name];
      out[name] = v[name] === undefined && "otherwise" in check ? check.otherwise : check(v[name]);
    }
    return out;
  };
}

const agentState = oneOf("listening", "thinking", "speaking", "muted", "trouble");
const resume = record({ epoch: count, reply: count, played: count });
const card = record({
  kind: oneOf("text", "list", "table", "image", "bar", "line"),
  title: optional(text, ""),
  text: optional(text, ""),
  items: optional(many(text, 40), []),
  columns: optional(many(text, 12), []),
  rows: optional(many(many(text, 12), 40), []),
  source: optional(text, ""),
  labels: optional(many(text, 60), []),
  values: optional(many(number, 60), []),
});
const lineShape = {
  id: text,
  speaker: text,
  text,
  final: optional(flag, true),
  agent: optional(flag, false),
};

/** The fields of every message, by `type`. Exported so that a test can hold them against the backend's. */
export const TO_PAGE = {
  welcome: {
    session: text,
    name: text,
    epoch: count,
    state: agentState,
    acked: optional(count, 0),
    lines: optional(many(record(lineShape), 50), []),
    card: optional(nullable(card), null),
    resume: optional(nullable(resume), null),
    version: optional(count, VERSION),
    hand: optional(text, ""),
  },
  state: { state: agentState, detail: optional(text, "") },
  begin: { epoch: count, reply: count },
  piece: { epoch: count, reply: count, index: count, start: count, text },
  marks: {
    epoch: count,
    reply: count,
    index: count,
    words: optional(many(tuple(count, count, count), 2000), []),
    mouth: optional(many(tuple(text, count), 4000), []),
  },
  end: { epoch: count, reply: count, samples: count },
  flush: { epoch: count },
  pause: { epoch: count, reply: count },
  continue: { epoch: count, reply: count },
  duck: { db: number, ramp: optional(number, 30) },
  line: lineShape,
  card: { card: nullable(card) },
  hand: { label: text },
  ack: { seq: count },
  problem: { code: text, message: text, fatal: optional(flag, false) },
  pong: { t: number },
};

export const FROM_PAGE = {
  hello: { token: text, page: text, version: count, resume: nullable(resume), debug: flag },
  transcript: { seq: count, raw: plainObject, age: number },
  feed: { connected: flag },
  played: { epoch: count, reply: count, samples: count, buffered: count, underruns: count, ended: flag },
  flushed: { epoch: count, reply: count, samples: count },
  mic: { state: oneOf("live", "denied", "missing", "ended"), rate: count, channels: count },
  onset: { level: number },
  health: { values: plainObject },
  trouble: { code: text },
  ping: { t: number },
};

const checkers = Object.fromEntries(Object.entries(TO_PAGE).map(([type, shape]) => [type, record(shape)]));

/**
 * @param {string} source one text frame
 * @returns {Welcome|State|Begin|Piece|Marks|End|Flush|Pause|Continue|Duck|Line|ShowCard|Hand|Ack|Problem|Pong|null}
 *   null for a type this page does not know: a newer backend may say more than we understand
 * @throws {MessageError} when it is not JSON or a field is missing or of the wrong kind
 */
export function parseMessage(source) {
  let value;
  try {
    value = JSON.parse(source);
  } catch {
    fail("not JSON");
  }
  plainObject(value);
  if (typeof value.type !== "string") fail("no type");
  if (!Object.hasOwn(checkers, value.type)) return null;
  return { type: value.type, ...checkers[value.type](value) };
}

// ---- builders of what the page sends

const builders = Object.fromEntries(Object.entries(FROM_PAGE).map(([type, shape]) => [type, record(shape)]));

/**
 * A message of the page, checked: `build("feed", {connected: true})`.
 * @param {keyof typeof FROM_PAGE} type @param {object} values
 */
export function build(type, values) {
  return { type, ...builders[type](values) };
}

// ---- sound frames: kind u8, flags u8, reserved u16, epoch u32, reply u32, first sample u64, little-endian

/** @param {number} firstSample counted since the page was loaded @param {Int16Array} pcm 16 kHz mono */
export function packSound(firstSample, pcm) {
  const frame = new ArrayBuffer(HEADER_BYTES + pcm.byteLength);
  const view = new DataView(frame);
  view.setUint8(0, SOUND);
  view.setBigUint64(12, BigInt(firstSample), true);
  new Int16Array(frame, HEADER_BYTES).set(pcm);
  return frame;
}

/**
 * @param {ArrayBuffer} frame
 * @returns {{epoch: number, reply: number, first: number, pcm: Int16Array}} 24 kHz mono
 * @throws {MessageError} when it is not a whole voice frame
 */
export function unpackVoice(frame) {
  if (frame.byteLength < HEADER_BYTES || frame.byteLength % 2) fail("not a whole sound frame");
  const view = new DataView(frame);
  if (view.getUint8(0) !== VOICE) fail("not a voice frame");
  const first = Number(view.getBigUint64(12, true));
  if (!Number.isSafeInteger(first)) fail("sample out of range");
  const pcm = new Int16Array(frame, HEADER_BYTES);
  return { epoch: view.getUint32(4, true), reply: view.getUint32(8, true), first, pcm };
}
