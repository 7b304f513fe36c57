// Owns the socket to the backend and reads the microphone, away from the page's drawing. Sound goes up as 100 ms of
// 16 kHz each, and 20 ms while somebody talks over the agent: then the backend is to decide soon. Text passes through
// to the page, voice frames are handed over without a copy.

import { packSound } from "./messages.js";
import { OUT, Resampler, toInt16, toMono } from "./resampler.js";
import { Onset, level } from "./onset.js";

const CHUNK = 1600; // 100 ms at 16 kHz
const QUICK_CHUNK = 320; // 20 ms
const QUICK_MS = 400; // so long after a loud stretch the chunks stay short
/** More than this waiting in the socket means the line is too slow: new sound is dropped, and counted. */
const MOST_WAITING = 128 * 1024;
const GAP_MS = 250;

/** @type {WebSocket|null} */ let socket = null;
let ready = false;

function open({ url, attempt }) {
  drop();
  const mine = new WebSocket(url);
  mine.binaryType = "arraybuffer";
  mine.onopen = () => postMessage({ kind: "opened", attempt });
  mine.onmessage = ({ data }) => {
    if (mine !== socket) return;
    if (typeof data === "string") postMessage({ kind: "text", text: data });
    else postMessage({ kind: "voice", frame: data }, [data]);
  };
  mine.onclose = ({ code }) => {
    if (mine !== socket) return;
    socket = null;
    ready = false;
    postMessage({ kind: "closed", attempt, code });
  };
  socket = mine;
}

/** Close, and report it as closed at once: a half-open connection may take minutes to say so itself. */
function close(attempt) {
  if (!socket) return;
  drop();
  ready = false;
  postMessage({ kind: "closed", attempt, code: 1006 });
}

function drop() {
  const old = socket;
  socket = null;
  old?.close();
}

// ---- the microphone

const counts = { chunks: 0, dropped: 0, gaps: 0, rate: 0 };
const onset = new Onset();
let position = 0; // 16 kHz samples since the page was loaded; the first sample of the next chunk
const pending = new Int16Array(CHUNK);
let filled = 0;
let replying = false; // the agent speaks, or is about to
let quickMs = 0; // so much longer the chunks are short
let stirring = false;
/** @type {Resampler|null} */ let resampler = null;
let collected = [];
let collectedLength = 0;
let heardAt = 0;
let shape = "";
let reading = 0;

/** @param {Float32Array} mono @param {number} rate @param {number} channels */
function hear(mono, rate, channels) {
  const now = performance.now();
  if (heardAt && now - heardAt > GAP_MS) counts.gaps += 1;
  heardAt = now;
  if (shape !== `${rate}/${channels}`) {
    shape = `${rate}/${channels}`;
    flushCollected();
    resampler = new Resampler(rate);
    counts.rate = rate;
    postMessage({ kind: "heard", rate, channels });
  }
  const ms = (1000 * mono.length) / rate;
  const began = onset.push(level(mono), ms);
  if (began !== null) postMessage({ kind: "onset", level: began });
  stir(onset.stirring);
  quickMs = !replying ? 0 : onset.loud ? QUICK_MS : Math.max(0, quickMs - ms);
  collected.push(mono);
  collectedLength += mono.length;
  // Resampling tenths of a second is cheaper than hundredths.
  if (collectedLength * OUT >= (quickMs > 0 ? QUICK_CHUNK : CHUNK) * rate) flushCollected();
}

/** What was begun is ended, whatever became of the reply or the microphone meanwhile. */
function stir(on) {
  if (on === stirring) return;
  stirring = on;
  if (replying || !on) postMessage({ kind: "stir", on });
}

function flushCollected() {
  if (!collectedLength || !resampler) return;
  const all = new Float32Array(collectedLength);
  let at = 0;
  for (const part of collected) {
    all.set(part, at);
    at += part.length;
  }
  collected = [];
  collectedLength = 0;
  const samples = toInt16(resampler.push(all));
  for (let from = 0; from < samples.length; ) {
    const take = Math.min(CHUNK - filled, samples.length - from);
    pending.set(samples.subarray(from, from + take), filled);
    filled += take;
    from += take;
    if (filled === CHUNK) sendChunk();
  }
  if (filled && quickMs > 0) sendChunk();
}

function sendChunk() {
  if (ready && socket?.readyState === WebSocket.OPEN && socket.bufferedAmount < MOST_WAITING) {
    socket.send(packSound(position, pending.subarray(0, filled)));
    counts.chunks += 1;
  } else {
    counts.dropped += 1;
  }
  position += filled;
  filled = 0;
}

async function read(readable) {
  reading += 1;
  const mine = reading;
  const reader = readable.getReader();
  try {
    while (mine === reading) {
      const { value, done } = await reader.read();
      if (done) break;
      try {
        hear(toMono(value), value.sampleRate, value.numberOfChannels);
      } finally {
        value.close(); // unclosed frames stop the stream
      }
    }
  } catch {
    // the track went away in mid-read; the page asks for another
  }
  reader.cancel().catch(() => {});
  heardAt = 0;
}

function listenTo(port, rate) {
  reading += 1;
  const mine = reading;
  port.onmessage = ({ data }) => {
    if (mine === reading) hear(data, rate, 1);
    else port.close();
  };
}

onmessage = ({ data }) => {
  if (data.kind === "send") {
    if (socket?.readyState === WebSocket.OPEN) socket.send(data.text);
  } else if (data.kind === "open") open(data);
  else if (data.kind === "close") close(data.attempt);
  else if (data.kind === "ready") ready = data.on;
  else if (data.kind === "replying") replying = data.on;
  else if (data.kind === "mic") read(data.readable);
  else if (data.kind === "port") listenTo(data.port, data.rate);
  else if (data.kind === "mic-stop") {
    reading += 1;
    heardAt = 0;
    stir(false);
  } else if (data.kind === "counts") postMessage({ kind: "counts", counts: { ...counts, floor: onset.floor } });
};
