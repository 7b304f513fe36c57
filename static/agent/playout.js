// Which sample is played when. Pure bookkeeping in samples at 24 kHz: time comes in as `now` (frames of the audio
// clock) and `ms` (wall clock), nothing here touches Web Audio. player.js performs what `pump` returns.
//
// A reply's sound is played once and whole: what arrives twice (a resume overlaps) is trimmed, an underrun delays
// but loses nothing, and the position is exact because every started block is remembered with its frame.

export const RATE = 24_000;
const ms = (n) => Math.round((n * RATE) / 1000);

/** Blocks start this far ahead of the audio clock, plus one hardware buffer: the clock is read that much late. */
const LEAD = ms(10);
/** Nothing more is started while this much is already on its way; it keeps blocks large and few. */
const ENOUGH = ms(200);
const BLOCK = ms(100);
const START = ms(80);
const RESTART = ms(60);
const LONGER = ms(20);
const LONGEST = ms(240);
const PATIENCE_MS = 120;
/** Unplayed sound kept per reply. The backend sends about one second ahead; beyond this the newest is dropped. */
const MOST = RATE * 30;
/** Replies that may wait behind the one being played; a further one drops the oldest waiting. */
const REPLIES = 4;

/**
 * @typedef {{first: number, samples: Int16Array}} Block
 * @typedef {{at: number, first: number, samples: Int16Array}} Placed
 */

const whole = (track) => track.total !== null && track.next >= track.total;

class Track {
  constructor(epoch, reply, from) {
    this.epoch = epoch;
    this.reply = reply;
    this.next = from; // the sample we expect next
    this.base = from; // the position while nothing was started yet
    this.total = null; // known with `end`
    /** @type {Block[]} */ this.queue = [];
    /** @type {Placed[]} */ this.placed = [];
    this.waiting = 0; // samples in queue
    this.firstAt = null; // ms when the queue went from empty to not empty before a start
    this.running = false; // started and not starved
    this.begun = false; // the first sample was placed
    this.missed = false; // what was placed last came too late and was taken back
  }

  position(now) {
    let at = this.base;
    for (const block of this.placed) {
      if (block.at > now) break;
      at = block.first + Math.min(block.samples.length, now - block.at);
    }
    return at;
  }

  get tail() {
    const last = this.placed.at(-1);
    return last ? last.at + last.samples.length : -Infinity;
  }
}

export class Playout {
  constructor() {
    /** @type {Track[]} */ this.tracks = [];
    this.epoch = 0;
    this.paused = false;
    this.underruns = 0;
    this.dropped = 0; // samples of old epochs, duplicates and overflow
    this.threshold = START;
    this.lead = ms(20); // until `hardware` is known
    /** @type {{epoch: number, reply: number, samples: number} | null} the last reply that ended or was flushed */
    this.last = null;
  }

  /** @param {number} seconds one hardware buffer, as the context's `baseLatency` says */
  hardware(seconds) {
    if (Number.isFinite(seconds)) this.lead = Math.min(LONGEST, Math.round(seconds * RATE) + LEAD);
  }

  get current() {
    return this.tracks[0] ?? null;
  }

  #find(epoch, reply) {
    return this.tracks.find((t) => t.epoch === epoch && t.reply === reply) ?? null;
  }

  /** A reply begins, or goes on from sample `from` after a resume. Beginning what is already there changes nothing. */
  begin(epoch, reply, from = 0) {
    if (epoch < this.epoch) return false;
    this.epoch = epoch;
    const known = this.#find(epoch, reply);
    if (known) return false;
    // Whoever begins the next reply has nothing more to send of the ones before.
    for (const track of this.tracks) track.total ??= track.next;
    if (this.tracks.length >= REPLIES) this.tracks.splice(1, 1);
    this.tracks.push(new Track(epoch, reply, from));
    return true;
  }

  /**
   * A frame of sound. Returns the samples that are new, or null.
   * @param {number} epoch @param {number} reply @param {number} first @param {Int16Array} samples @param {number} at ms
   */
  frame(epoch, reply, first, samples, at) {
    const track = epoch < this.epoch ? null : this.#find(epoch, reply);
    const over = track ? Math.max(0, track.next - first) : 0;
    if (!track || over >= samples.length || track.waiting + samples.length > MOST) {
      this.dropped += samples.length;
      return null;
    }
    const fresh = over ? samples.subarray(over) : samples;
    this.dropped += over;
    const block = { first: first + over, samples: fresh };
    track.queue.push(block);
    track.waiting += fresh.length;
    track.next = block.first + fresh.length;
    if (!track.running) track.firstAt ??= at;
    return block;
  }

  end(epoch, reply, samples) {
    const track = this.#find(epoch, reply);
    // Less sound came than announced (it was lost with the socket): what came is the whole.
    if (track) track.total = Math.min(samples, Math.max(track.next, 0));
  }

  /** The backend no longer knows this reply: what is here is played to its end. */
  endHere() {
    for (const track of this.tracks) track.total ??= track.next;
  }

  /**
   * The blocks to start now, each with the frame it starts at.
   * @param {number} now frames @param {number} at ms @returns {Placed[]}
   */
  pump(now, at) {
    const track = this.current;
    if (!track || this.paused) return [];
    if (track.running && track.tail <= now && !whole(track)) this.#starve(track, at);
    if (!track.waiting || !this.#ready(track, now, at)) return [];
    const out = [];
    let start = track.tail;
    const earliest = now + (track.missed ? this.lead : LEAD / 2);
    if (start < earliest) {
      if (track.running) this.underruns += 1; // about to run dry: too late to join without a gap
      start = now + this.lead;
    }
    track.missed = false;
    while (track.waiting && (start - now < ENOUGH || track.waiting >= BLOCK)) {
      const block = this.#take(track);
      out.push({ at: start, ...block });
      start += block.samples.length;
    }
    track.placed.push(...out);
    if (out.length) Object.assign(track, { running: true, begun: true, firstAt: null });
    this.#tidy(track, now);
    return out;
  }

  /**
   * What `pump` just returned could not be started in time (the page was held up, or the clock leapt ahead as the sound
   * woke): it goes back to the queue, and the next start is further ahead.
   * @param {Placed[]} blocks
   */
  late(blocks) {
    const track = this.current;
    if (!track || !blocks.length) return;
    track.placed.splice(-blocks.length);
    this.#putBack(track, blocks);
    // Nobody has to wait again for what was ready once.
    Object.assign(track, { missed: true, running: track.placed.length > 0, firstAt: -Infinity });
    this.lead = Math.min(LONGEST, this.lead + LEAD);
  }

  /** Blocks return to the front of the queue, in order. */
  #putBack(track, blocks) {
    track.queue.unshift(...blocks.map(({ first, samples }) => ({ first, samples })));
    track.waiting += blocks.reduce((sum, block) => sum + block.samples.length, 0);
  }

  #ready(track, now, at) {
    if (track.running) return track.tail - now < ENOUGH || track.waiting >= BLOCK;
    const patient = track.firstAt !== null && at - track.firstAt >= PATIENCE_MS;
    return whole(track) || patient || track.waiting >= this.threshold;
  }

  /** Ran dry in mid-reply: wait for a little more than last time, so that a slow line does not stutter. */
  #starve(track, at) {
    track.running = false;
    track.firstAt = track.waiting ? at : null;
    this.underruns += 1;
    this.threshold = Math.min(LONGEST, RESTART + LONGER * this.underruns);
  }

  /** Neighbouring blocks joined up to one BLOCK: few audio nodes cost less than many. */
  #take(track) {
    const head = track.queue[0];
    let length = head.samples.length;
    let n = 1;
    while (n < track.queue.length && length < BLOCK && track.queue[n].first === head.first + length) {
      length += track.queue[n].samples.length;
      n += 1;
    }
    const parts = track.queue.splice(0, n);
    track.waiting -= length;
    if (n === 1) return head;
    const samples = new Int16Array(length);
    let at = 0;
    for (const part of parts) {
      samples.set(part.samples, at);
      at += part.samples.length;
    }
    return { first: head.first, samples };
  }

  #tidy(track, now) {
    while (track.placed.length > 1 && track.placed[1].at <= now) track.placed.shift();
  }

  /** Samples of the current reply that were played by frame `now`. */
  played(now) {
    return this.current?.position(now) ?? 0;
  }

  buffered(now) {
    const track = this.current;
    return track ? Math.max(0, track.next - track.position(now)) : 0;
  }

  /** Is sound leaving the player at this frame? */
  sounding(now) {
    const track = this.current;
    return Boolean(track && !this.paused && track.placed.some((b) => b.at <= now && now < b.at + b.samples.length));
  }

  /** When the current reply is over, its record; it then makes room for the next. */
  finish(now) {
    const track = this.current;
    if (!track || this.paused || track.total === null || track.waiting || track.tail > now) return null;
    if (track.next < track.total) return null;
    this.tracks.shift();
    this.last = { epoch: track.epoch, reply: track.reply, samples: track.position(now) };
    return this.last;
  }

  /** Hold at frame `cut` (now plus the fade); what lies behind it goes back to the queue. Returns the position. */
  pause(cut) {
    const track = this.current;
    this.paused = true;
    if (!track) return 0;
    const position = track.position(cut);
    const back = [];
    for (const block of track.placed) {
      const gone = Math.max(0, cut - block.at);
      if (gone < block.samples.length) back.push({ first: block.first + gone, samples: block.samples.subarray(gone) });
    }
    this.#putBack(track, back);
    Object.assign(track, { placed: [], base: position, running: false, firstAt: null, missed: false });
    return position;
  }

  /** Go on at once: whatever is in the queue may start. */
  continue(at) {
    this.paused = false;
    if (this.current) this.current.firstAt = at - PATIENCE_MS;
  }

  /** Drop everything below `epoch`. Returns what was played of the current reply by frame `cut`, or zeros. */
  flush(epoch, cut) {
    this.epoch = Math.max(this.epoch, epoch);
    const track = this.current;
    const stopped = Boolean(track && track.epoch < this.epoch);
    const record = stopped
      ? { epoch: track.epoch, reply: track.reply, samples: track.position(cut) }
      : { epoch: 0, reply: 0, samples: 0 };
    for (const t of this.tracks) if (t.epoch < this.epoch) this.dropped += t.waiting;
    this.tracks = this.tracks.filter((t) => t.epoch >= this.epoch);
    if (stopped) {
      this.last = record;
      this.paused = false;
    }
    return record;
  }
}
