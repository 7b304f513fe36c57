// What the mouth does at a sample: from the voice's own marks when it has them, else from how loud the sound is.
// Openness and width are small whole steps, so that most ticks change nothing and draw nothing.

export const STEPS = 6;
const WINDOW = 960; // 40 ms at 24 kHz
const LOUD = 0.22; // an RMS that opens the mouth fully
const QUIET = 0.012;

/** @type {Object<string, {open: number, width: number}>} steps of 0..STEPS */
const SHAPES = {
  rest: { open: 0, width: 3 },
  closed: { open: 0, width: 3 },
  open: { open: 6, width: 3 },
  wide: { open: 3, width: 6 },
  round: { open: 4, width: 1 },
  teeth: { open: 1, width: 4 },
};

export const REST = Object.freeze({ open: 0, width: 3 });

/** @param {Int16Array} samples @returns {Uint8Array} one step of loudness per 40 ms */
export function envelope(samples) {
  const out = new Uint8Array(Math.ceil(samples.length / WINDOW));
  for (let i = 0; i < out.length; i += 1) {
    const end = Math.min(samples.length, (i + 1) * WINDOW);
    let sum = 0;
    let n = 0;
    // Every fourth sample is plenty for a mouth.
    for (let k = i * WINDOW; k < end; k += 4, n += 1) sum += samples[k] * samples[k];
    const rms = Math.sqrt(sum / Math.max(1, n)) / 32768;
    out[i] = rms < QUIET ? 0 : Math.max(1, Math.min(STEPS, Math.round((STEPS * Math.sqrt(rms)) / Math.sqrt(LOUD))));
  }
  return out;
}

/** Keeps the envelopes and mouth marks of the reply being played, as far as they are still ahead. */
export class VoiceShape {
  constructor() {
    this.clear();
  }

  clear() {
    /** @type {{first: number, length: number, steps: Uint8Array}[]} */ this.blocks = [];
    /** @type {[string, number][]} */ this.mouth = [];
  }

  sound(first, samples) {
    this.blocks.push({ first, length: samples.length, steps: envelope(samples) });
  }

  marks(mouth) {
    if (!mouth.length) return;
    this.mouth = [...this.mouth, ...mouth.filter(([shape]) => shape in SHAPES)].sort((a, b) => a[1] - b[1]);
  }

  /** @param {number} sample @returns {{open: number, width: number}} */
  at(sample) {
    while (this.blocks.length && this.blocks[0].first + this.blocks[0].length <= sample) this.blocks.shift();
    while (this.mouth.length > 1 && this.mouth[1][1] <= sample) this.mouth.shift();
    const block = this.blocks[0];
    if (!block || block.first > sample) return REST;
    const loud = block.steps[Math.floor((sample - block.first) / WINDOW)] ?? 0;
    const mark = this.mouth[0];
    if (mark && mark[1] <= sample) {
      const shape = SHAPES[mark[0]];
      // A mark says which shape; silence in the sound still closes it.
      return loud === 0 ? { open: Math.min(shape.open, 1), width: shape.width } : shape;
    }
    return loud === 0 ? REST : { open: loud, width: loud > 3 ? 3 : 4 };
  }
}
