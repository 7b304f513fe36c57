// How the page itself is doing, every five seconds: the only view of a bot's health from outside.
//
// Lost sound shows as the audio clock falling behind the wall clock; the browser's own playback statistics miss most
// of it when a container runs out of CPU.

const EVERY_MS = 5000;

/** Milliseconds the audio clock lost against the wall clock, over the stretches in which it ran. Pure. */
export class DeficitMeter {
  constructor() {
    this.reset();
    this.from = null;
  }

  reset() {
    this.ran = 0;
    this.lost = 0;
  }

  /** @param {number} ms wall clock @param {number|null} audio ms of the audio clock, null while it rests */
  sample(ms, audio) {
    if (audio === null) {
      this.from = null;
      return;
    }
    if (this.from) {
      this.ran += ms - this.from.ms;
      this.lost += ms - this.from.ms - (audio - this.from.audio);
    }
    this.from = { ms, audio };
  }

  /** Lost ms per second of running; jitter of one hardware buffer may make it a little negative. */
  get rate() {
    return this.ran > 0 ? (1000 * this.lost) / this.ran : 0;
  }
}

/**
 * @param {{worker: Worker, send: (values: object) => void, read: () => object, clock: () => number|null}} page
 *   `read` gives what the page counts itself
 */
export function createHealth({ worker, send, read, clock }) {
  const deficit = new DeficitMeter();
  let long = { count: 0, ms: 0 };
  let late = 0;
  let drawn = 0;
  let due = 0;
  let timer = 0;
  let since = 0;
  let latest = {};
  let before = { chunks: 0, dropped: 0, gaps: 0 };
  /** @type {PerformanceObserver|null} */ let observer = null;

  function turn() {
    const now = performance.now();
    late = Math.max(late, now - due);
    due = now + EVERY_MS;
    deficit.sample(now, audio());
    worker.postMessage({ kind: "counts" });
  }

  const audio = () => {
    const seconds = clock();
    return seconds === null ? null : seconds * 1000;
  };

  function counted({ data }) {
    if (data.kind !== "counts") return;
    const seconds = Math.max(0.001, (performance.now() - since) / 1000);
    since = performance.now();
    const { chunks, dropped, gaps, rate, floor } = data.counts;
    latest = {
      deficit: deficit.rate,
      ran: deficit.ran,
      longtasks: long.count,
      longest: long.ms,
      late,
      frames: drawn / seconds,
      mic_rate: rate,
      mic_gaps: gaps - before.gaps,
      mic_chunks: chunks - before.chunks,
      mic_dropped: dropped - before.dropped,
      mic_floor: floor,
      heap: (performance.memory?.usedJSHeapSize ?? 0) / 1e6,
      ...read(),
    };
    for (const name of Object.keys(latest)) {
      latest[name] = Number.isFinite(latest[name]) ? Math.round(latest[name] * 100) / 100 : 0;
    }
    before = { chunks, dropped, gaps };
    long = { count: 0, ms: 0 };
    late = 0;
    drawn = 0;
    deficit.reset();
    send(latest);
  }

  return {
    get latest() {
      return latest;
    },
    get deficit() {
      return deficit;
    },
    drew() {
      drawn += 1;
    },
    /** Called with every tick of the player, so that short stretches of sound are measured too. */
    sample() {
      deficit.sample(performance.now(), audio());
    },
    start() {
      since = performance.now();
      due = since + EVERY_MS;
      timer = setInterval(turn, EVERY_MS);
      worker.addEventListener("message", counted);
      if (globalThis.PerformanceObserver?.supportedEntryTypes?.includes("longtask")) {
        observer = new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) long = { count: long.count + 1, ms: Math.max(long.ms, entry.duration) };
        });
        observer.observe({ entryTypes: ["longtask"] });
      }
    },
    stop() {
      clearInterval(timer);
      worker.removeEventListener("message", counted);
      observer?.disconnect();
    },
  };
}
