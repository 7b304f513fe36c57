// Plays what playout.js decides on a 24 kHz AudioContext, and suspends it about a second after the last sound: a
// running context that plays nothing costs as much as the rest of the page.

import { Playout, RATE } from "./playout.js";

const TICK_MS = 75; // face, captions and reports share it: 13 a second, and a report at least every 100 ms
const IDLE_MS = 1000;
const FLUSH_FADE = 0.005;
const PAUSE_FADE = 0.01;
const JOIN_FADE = 0.005;
const BLOCKED_AFTER_MS = 1500;
const RETRY_MS = 1000;
/** Samples that the audio thread renders at a time: what starts within them may already be too late. */
const QUANTUM = 128;
/** Times a start is tried, each further ahead; the last one holds whatever the clock says. */
const TRIES = 4;

/**
 * @param {{
 *   report: (played: object) => void,
 *   flushed: (flushed: object) => void,
 *   tick: (sample: number, sounding: boolean) => void,
 *   note: (what: string, detail?: object) => void,
 *   blocked: (blocked: boolean) => void,
 *   makeContext?: () => AudioContext,
 * }} to
 */
export function createPlayer(to) {
  const makeContext = to.makeContext ?? (() => new AudioContext({ sampleRate: RATE, latencyHint: "interactive" }));
  const playout = new Playout();
  /** @type {AudioContext|null} */ let context = null;
  /** @type {GainNode|null} */ let out = null;
  /** @type {{gain: GainNode, sources: Set<AudioBufferSourceNode>} | null} */ let run = null;
  let joining = false;
  let ticker = 0;
  let idle = 0;
  let kick = 0;
  let retry = 0;
  let blocked = false;
  let wanted = false;
  let wantedSince = 0;
  let firstReported = null;
  let level = 1;

  const frame = () => (context ? Math.round(context.currentTime * RATE) : 0);
  const ms = () => performance.now();

  // ---- the context: running while there is something to play

  function want() {
    clearTimeout(idle);
    idle = 0;
    if (!context) return;
    if (!wanted) wantedSince = ms();
    wanted = true;
    if (context.state !== "running") tryResume();
    if (!ticker) ticker = setInterval(tick, TICK_MS);
  }

  // Autoplay rules let a page sound once the microphone was granted, or after a click: ask until it runs.
  function tryResume() {
    clearTimeout(retry);
    if (!context || !wanted || context.state === "running") return;
    context.resume().catch(() => {});
    retry = setTimeout(tryResume, RETRY_MS);
    if (ms() - wantedSince >= BLOCKED_AFTER_MS) setBlocked(true);
  }

  function setBlocked(value) {
    if (blocked === value) return;
    blocked = value;
    to.blocked(value);
  }

  function stateChanged() {
    if (!context) return;
    if (context.state === "running") {
      clearTimeout(retry);
      setBlocked(false);
      pump();
    } else if (wanted) {
      tryResume();
    }
  }

  function rest() {
    wanted = false;
    clearTimeout(retry);
    clearInterval(ticker);
    ticker = 0;
    if (!idle) idle = setTimeout(() => context?.suspend().catch(() => {}), IDLE_MS);
  }

  // ---- sound

  function pump() {
    if (!context) return;
    for (let left = TRIES; left > 0; left -= 1) {
      const blocks = playout.pump(frame(), ms());
      if (!blocks.length || place(blocks, left === 1)) return;
      playout.late(blocks);
    }
  }

  /**
   * Start these blocks, each at its frame; false when the first one's has passed, and nothing is started. A source whose
   * time is over starts at once, late, and would sound over the next one.
   */
  function place(blocks, whatever) {
    const first = blocks[0];
    const late = () => !whatever && frame() + QUANTUM > first.at;
    const mine = run ?? { gain: new GainNode(context, { gain: 1 }), sources: new Set() };
    const sources = blocks.map((block) => sourceOf(block, mine));
    let inTime = !late();
    if (inTime) {
      if (!run && joining) {
        mine.gain.gain.setValueAtTime(0, first.at / RATE);
        mine.gain.gain.linearRampToValueAtTime(1, first.at / RATE + JOIN_FADE);
      }
      if (!run) mine.gain.connect(out);
      for (const [i, source] of sources.entries()) {
        source.connect(mine.gain);
        source.start(blocks[i].at / RATE);
      }
      inTime = !late();
    }
    if (!inTime) {
      for (const source of sources) source.disconnect();
      if (!run) mine.gain.disconnect();
      return false;
    }
    if (!run) joining = false;
    run = mine;
    for (const source of sources) run.sources.add(source);
    noteFirst(first.at / RATE);
    return true;
  }

  function sourceOf({ samples }, mine) {
    const buffer = new AudioBuffer({ length: samples.length, sampleRate: RATE });
    const data = buffer.getChannelData(0);
    for (let i = 0; i < samples.length; i += 1) data[i] = samples[i] / 32768;
    const source = new AudioBufferSourceNode(context, { buffer });
    source.onended = () => {
      source.disconnect();
      mine.sources.delete(source);
      if (mine !== run && mine.sources.size === 0) mine.gain.disconnect();
    };
    return source;
  }

  function noteFirst(when) {
    const track = playout.current;
    if (firstReported === track.reply) return;
    firstReported = track.reply;
    const wait = Math.max(0, when - context.currentTime) * 1000;
    to.note("first-sound", { reply: track.reply, at: ms() + wait });
    setTimeout(() => report(), wait + 2);
  }

  /** Fade out what is sounding; returns the frame at which it is silent. */
  function silence(fade) {
    if (!context) return 0;
    const now = context.currentTime;
    const until = now + fade;
    if (run) {
      run.gain.gain.cancelScheduledValues(now);
      run.gain.gain.setValueAtTime(1, now);
      run.gain.gain.linearRampToValueAtTime(0, until);
      for (const source of run.sources) source.stop(until);
      if (run.sources.size === 0) run.gain.disconnect();
      run = null;
    }
    // Held up on the way here, the sound stopped later than it was told to: where the clock is now.
    return Math.round(Math.max(until, context.currentTime) * RATE);
  }

  // ---- reports

  function report(ended = false, record = null) {
    const now = frame();
    const track = playout.current;
    const about = record ?? (track && { epoch: track.epoch, reply: track.reply, samples: playout.played(now) });
    if (!about) return;
    to.report({ ...about, buffered: ended ? 0 : playout.buffered(now), underruns: playout.underruns, ended });
  }

  function tick() {
    pump();
    const now = frame();
    const over = playout.finish(now);
    if (over) {
      run = null;
      report(true, over);
      to.note("end", { reply: over.reply });
      if (playout.current) pump();
    } else if (!playout.paused) {
      report();
    }
    to.tick(playout.played(now), playout.sounding(now));
    if (!playout.current || playout.paused) rest();
  }

  return {
    playout,
    start() {
      if (context) return;
      context = makeContext();
      context.onstatechange = stateChanged;
      playout.hardware(context.baseLatency);
      out = new GainNode(context, { gain: level });
      out.connect(context.destination);
      // A context made before anything is to be said is put to sleep again, unless sound came meanwhile.
      if (playout.current) want();
      else rest();
    },
    stop() {
      silence(0);
      rest();
      clearTimeout(idle);
      clearTimeout(kick);
      idle = 0;
      context?.close().catch(() => {});
      context = null;
    },
    /** A click or key by a person: the surest moment to start sound. */
    touch() {
      if (context && context.state !== "running") context.resume().catch(() => {});
    },
    begin(epoch, reply, from = 0) {
      if (playout.begin(epoch, reply, from)) want();
    },
    /** @returns {{first: number, samples: Int16Array}|null} what of the frame was new */
    sound({ epoch, reply, first, pcm }) {
      const fresh = playout.frame(epoch, reply, first, pcm, ms());
      if (!fresh) return null;
      if (!playout.paused) want();
      pump();
      if (playout.current?.firstAt !== null && !kick) {
        kick = setTimeout(() => {
          kick = 0;
          pump();
        }, 121);
      }
      return fresh;
    },
    end(epoch, reply, samples) {
      playout.end(epoch, reply, samples);
      pump();
    },
    endHere() {
      playout.endHere();
      pump();
    },
    pause(epoch, reply) {
      const track = playout.current;
      if (playout.paused || track?.epoch !== epoch || track.reply !== reply) return;
      playout.pause(silence(PAUSE_FADE));
      report();
      to.tick(playout.played(frame()), false);
      rest();
    },
    continue(epoch, reply) {
      const track = playout.current;
      if (!playout.paused || track?.epoch !== epoch || track.reply !== reply) return;
      playout.continue(ms());
      joining = true;
      want();
      pump();
      report();
    },
    /** Stop everything below `epoch` and say how far it had come. */
    flush(epoch) {
      const stops = playout.current !== null && playout.current.epoch < epoch;
      const cut = stops ? silence(FLUSH_FADE) : frame();
      to.flushed(playout.flush(epoch, cut));
      to.tick(playout.played(frame()), false);
      if (playout.current) pump();
      else rest();
    },
    duck(db, ramp) {
      level = 10 ** (Math.min(0, db) / 20);
      if (!context) return;
      const now = context.currentTime;
      out.gain.cancelScheduledValues(now);
      out.gain.setValueAtTime(out.gain.value, now);
      out.gain.linearRampToValueAtTime(level, now + Math.max(0, Math.min(2000, ramp)) / 1000);
    },
    report: () => report(),
    /** @returns {{epoch: number, reply: number, played: number} | null} what a resume needs */
    position() {
      const track = playout.current;
      return track && { epoch: track.epoch, reply: track.reply, played: playout.played(frame()) };
    },
    get sounding() {
      return playout.sounding(frame());
    },
    get buffered() {
      return playout.buffered(frame());
    },
    /** Seconds of the audio clock, or null while it does not run. */
    get clock() {
      return context?.state === "running" ? context.currentTime : null;
    },
  };
}
