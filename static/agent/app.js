// The agent page: connects the parts. What it decides is only who hears of what.

import { token } from "./token.js"; // first: the token leaves the address before anything else runs
import { createCapture } from "./capture.js";
import { createConnection } from "./connection.js";
import { createDebug } from "./debug.js";
import { createDevtools } from "./devtools.js";
import { createHealth } from "./health.js";
import { createMicrophone } from "./microphone.js";
import { createPlayer } from "./player.js";
import { createResume } from "./resume.js";
import { createSelfDuck } from "./self-duck.js";
import { createSpeech } from "./speech.js";
import { createTranscriptFeed } from "./transcript-feed.js";
import { TranscriptQueue, isPartial } from "./transcript-queue.js";
import { createView } from "./view.js";
import { initial, label, reduce, tile } from "./state.js";

const AWAY_MS = 1500; // a shorter loss of the socket is nobody's business
const LINGER_MS = 1800;
const LINES_EVERY_MS = 300;
const MICROPHONE_PATIENCE_MS = 3000; // a person may let the question stand

const settings = new URLSearchParams(location.search);
const { name, version, transcriptUrl } = document.body.dataset;
const pageId = crypto.randomUUID();
const counts = { garbage: 0, feed_garbage: 0, problems: 0 };

let state = initial(name);
let captions = [];
let mic = { state: "missing", rate: 0, channels: 0 };
let unsent = null; // the last report of the voice that found the backend away
const troubles = new Set();
const timers = { render: 0, away: 0, linger: 0 };
let linesAt = -Infinity;

const worker = new Worker(new URL("wire-worker.js", import.meta.url), { type: "module" });
const view = createView(document);
const devtools = createDevtools();
const resume = createResume(sessionStorage);
const queue = new TranscriptQueue();

// ---- the picture

function dispatch(action, { soon = false } = {}) {
  const before = state;
  state = reduce(state, action);
  if (state === before) return;
  if ((state.card === null) !== (before.card === null)) speech.refit();
  if ((state.reply === 0) !== (before.reply === 0)) worker.postMessage({ kind: "replying", on: state.reply !== 0 });
  // Partial lines come often; every redraw costs, and three a second read as live.
  schedule(soon ? Math.max(0, linesAt + LINES_EVERY_MS - performance.now()) : 0);
}

function schedule(wait) {
  if (timers.render && wait > 0) return;
  clearTimeout(timers.render);
  timers.render = setTimeout(render, wait);
}

function render() {
  timers.render = 0;
  linesAt = performance.now();
  view.render(tile(state, captions), label(state));
  health.drew();
}

function caption(lines) {
  if (lines.join("\n") === captions.join("\n")) return;
  captions = lines;
  schedule(0);
}

function lingerCaptions() {
  clearTimeout(timers.linger);
  timers.linger = setTimeout(() => caption([]), LINGER_MS);
}

// ---- the voice

const player = createPlayer({
  report(played) {
    health.sample();
    if (played.ended) {
      speech.forget(played.reply);
      dispatch({ type: "over", reply: played.reply });
      if (!player.playout.current) lingerCaptions();
    }
    const at = { epoch: played.epoch, reply: played.reply, played: played.samples };
    if (connection.send("played", played)) {
      unsent = null;
      if (played.ended) resume.forget();
      else resume.remember(at, performance.now());
    } else {
      unsent = played;
      resume.remember(at, performance.now(), played.ended);
    }
  },
  flushed(flushed) {
    connection.send("flushed", flushed);
    if (flushed.reply) devtools.mark("silent", { reply: flushed.reply, at: performance.now() + 5 });
  },
  tick: (sample, sounding) => speech.tick(sample, sounding),
  note: (what, detail) => devtools.mark(what, detail),
  blocked(blocked) {
    dispatch({ type: "blocked", blocked });
    if (blocked) trouble("blocked");
  },
});

const speech = createSpeech({
  player,
  box: () => view.captionBox(state.card ? "card" : "talk"),
  show: caption,
  mouth(shape) {
    if (view.mouth(shape)) health.drew();
  },
});

const selfDuck = createSelfDuck({
  duck(db, ramp) {
    player.duck(db, ramp);
    dispatch({ type: "ducked", ducked: db < 0 });
  },
});

/** A voice that the backend lowered is not the page's to raise. */
const mayDuck = () => selfDuck.ducked || !state.ducked;

function trouble(code) {
  if (troubles.has(code)) return;
  if (connection.send("trouble", { code })) troubles.add(code);
  devtools.note("trouble", { code });
}

// ---- what the backend says

const heard = {
  welcome(message) {
    troubles.clear();
    clearTimeout(timers.away);
    if (player.position() && message.epoch > player.playout.epoch) stop(message.epoch);
    else player.playout.flush(message.epoch, 0); // nothing sounds: only the epoch moves
    const known = player.playout.tracks.some((t) => t.epoch === message.resume?.epoch && t.reply === message.resume.reply);
    if (!message.resume) {
      player.endHere();
      if (!player.position()) resume.forget();
    } else if (!known) {
      speech.begin(message.resume, message.resume.played);
      dispatch({ type: "begin", ...message.resume });
    }
    connection.send("mic", mic);
    connection.send("feed", { connected: state.feed });
    for (const item of queue.resend(message.acked)) sendTranscript(item);
    if (unsent && connection.send("played", unsent)) {
      if (unsent.ended) resume.forget();
      unsent = null;
    }
  },
  state({ state: agent }) {
    if (agent === "thinking") devtools.mark("end-of-turn");
  },
  begin(message) {
    clearTimeout(timers.linger);
    devtools.mark("begin", { reply: message.reply });
    speech.begin(message);
  },
  piece: speech.piece,
  marks: speech.marks,
  end: speech.end,
  flush({ epoch }) {
    devtools.mark("flush");
    stop(epoch);
  },
  pause(message) {
    player.pause(message.epoch, message.reply);
    selfDuck.settle(true);
  },
  continue: (message) => player.continue(message.epoch, message.reply),
  duck({ db, ramp }) {
    selfDuck.settle();
    player.duck(db, ramp);
    dispatch({ type: "ducked", ducked: db < 0 });
  },
  ack: ({ seq }) => queue.ack(seq),
  problem({ code }) {
    counts.problems += 1;
    devtools.note("problem", { code });
  },
};

function stop(epoch) {
  player.flush(epoch);
  selfDuck.settle();
  player.duck(0, 5);
  dispatch({ type: "ducked", ducked: false });
  if (!player.playout.current) {
    speech.clear();
    lingerCaptions();
  }
}

const connection = createConnection({
  worker,
  url: new URL("/agent/socket", location.href.replace(/^http/, "ws")).href,
  hello: () => ({
    token,
    page: pageId,
    version: 1,
    resume: player.position() ?? resume.latest,
    debug: settings.get("debug") === "1",
  }),
  message(message) {
    if (message.epoch !== undefined && message.type !== "welcome" && message.type !== "flush" && speech.stale(message)) return;
    if (message.type === "welcome") dispatch(message);
    heard[message.type]?.(message);
    if (message.type !== "welcome") dispatch(message, { soon: message.type === "line" && !message.final });
    if (!["line", "pong", "ack", "piece", "marks"].includes(message.type)) devtools.note(message.type, facts(message));
  },
  voice(frame) {
    if (player.playout.current === null && !speech.stale(frame) && frame.first === 0) devtools.note("early-sound");
    const fresh = speech.sound(frame);
    if (fresh?.first === 0) devtools.mark("first-chunk", { reply: frame.reply });
  },
  changed(next) {
    dispatch({ type: "connection", state: next });
    devtools.note("connection", { state: next });
    clearTimeout(timers.away);
    if (next === "lost") timers.away = setTimeout(() => dispatch({ type: "away" }), AWAY_MS);
    if (next === "replaced" || next === "refused") leave();
  },
  garbage(what) {
    counts.garbage += 1;
    devtools.note("garbage", { what });
  },
});

/** What of a message may go into the ring of events: numbers and our own words, never a text of people. */
function facts({ epoch, reply, state: agent, seq, samples, db }) {
  return Object.fromEntries(Object.entries({ epoch, reply, state: agent, seq, samples, db }).filter(([, v]) => v !== undefined));
}

// ---- the meeting: its sound and its words

worker.addEventListener("message", ({ data }) => {
  if (data.kind === "onset" && player.sounding) {
    if (mayDuck()) selfDuck.onset();
    connection.send("onset", { level: Math.round(data.level * 10) / 10 });
    devtools.note("onset", { level: Math.round(data.level) });
  } else if (data.kind === "stir" && (player.sounding || !data.on) && mayDuck()) {
    selfDuck.stir(data.on);
  } else if (data.kind === "heard") {
    setMic({ state: "live", rate: Math.round(data.rate), channels: data.channels });
  }
});
worker.addEventListener("error", () => trouble("worker"));

function setMic(next) {
  mic = next;
  dispatch({ type: "mic", state: next.state });
  connection.send("mic", mic);
  devtools.note("mic", mic);
}

const capture = createCapture(worker, { forceWorklet: settings.get("capture") === "worklet" });
const microphone = createMicrophone({
  processing: settings.get("processing") === "1",
  live(track) {
    const { sampleRate = 0, channelCount = 0 } = track.getSettings();
    setMic({ state: "live", rate: Math.round(sampleRate), channels: channelCount });
    capture.start(track).catch(() => trouble("capture"));
  },
  gone(what) {
    capture.stop();
    setMic({ state: what, rate: 0, channels: 0 });
  },
});

const feed = createTranscriptFeed({
  url: settings.get("transcript") ?? transcriptUrl,
  object(raw) {
    if (isPartial(raw)) devtools.mark("heard-partial");
    const item = queue.push(raw, performance.now(), connection.state === "open");
    if (item) sendTranscript(item);
  },
  connected(on) {
    if (state.feed === on) return;
    dispatch({ type: "feed", connected: on });
    connection.send("feed", { connected: on });
    devtools.note("feed", { connected: on });
  },
  garbage() {
    counts.feed_garbage += 1;
  },
});

function sendTranscript({ seq, raw, at }) {
  connection.send("transcript", { seq, raw, age: Math.max(0, Math.round(performance.now() - at)) });
}

// ---- health and looking inside

const health = createHealth({
  worker,
  clock: () => player.clock,
  send: (values) => connection.send("health", { values }),
  read: () => ({
    ...counts,
    ...connection.counts,
    buffered: player.buffered,
    underruns: player.playout.underruns,
    dropped: player.playout.dropped,
    feed_waiting: queue.items.length,
    feed_dropped: queue.dropped,
  }),
});

const debug = createDebug({
  view,
  state: () => ({
    connection: state.connection,
    agent: state.agent,
    session: state.session,
    epoch: player.playout.epoch,
    reply: state.reply,
    played: player.position()?.played ?? 0,
    buffered: player.buffered,
    mic: mic.state,
    feed: state.feed,
    ducked: state.ducked,
    paused: player.playout.paused,
    blocked: state.blocked,
    card: state.card?.kind ?? null,
  }),
  stats: () => ({ ...health.latest, deficit_now: Math.round(health.deficit.rate * 100) / 100 }),
});

// ---- coming and going

const touch = () => player.touch();
const hide = () => {
  const at = player.position();
  if (at) resume.remember(at, performance.now(), true);
};

async function start() {
  addEventListener("pagehide", hide);
  addEventListener("pointerdown", touch);
  addEventListener("keydown", touch);
  addEventListener("error", () => trouble("script"));
  addEventListener("unhandledrejection", () => trouble("script"));
  devtools.publish({ version, state: debug.state, stats: debug.stats, overlay: debug.toggle });
  if (settings.get("debug") === "1") debug.start();
  render();
  const asked = microphone.start();
  await view.ready();
  connection.start();
  feed.start();
  health.start();
  await Promise.race([asked, new Promise((done) => setTimeout(done, MICROPHONE_PATIENCE_MS))]);
  try {
    player.start();
  } catch {
    trouble("audio");
  }
}

/** Another window has the seat, or the link is void: be silent, stop listening, show the tile. */
function leave() {
  player.stop();
  microphone.stop();
  capture.stop();
  feed.stop();
  health.stop();
  captions = [];
}

start();
