// Any rate to 16 kHz, streaming: a windowed-sinc low-pass evaluated only where an output sample falls (polyphase).
// Plain decimation would fold everything above 8 kHz back onto the speech.

/** Samples per second that the backend's ears take. */
export const OUT = 16_000;
const ZEROS = 14; // zero crossings on each side: 60 dB down from 8.5 kHz, 0.9 ms kept back

/** @param {number} a @param {number} b */
const divisor = (a, b) => (b ? divisor(b, a % b) : a);

export class Resampler {
  /** @param {number} rate samples per second of what comes in */
  constructor(rate) {
    this.rate = rate;
    const g = divisor(rate, OUT);
    this.up = OUT / g; // phases
    this.down = rate / g;
    const cutoff = Math.min(1, OUT / rate) * 0.91;
    this.half = Math.ceil(ZEROS / cutoff);
    this.taps = 2 * this.half;
    this.table = filters(this.up, this.half, cutoff);
    this.kept = new Float32Array(this.half - 1); // the end of what came before; zeros put output 0 on input 0
    this.phase = 0; // of the next output's window, in 1/up input samples from the start of `kept`
  }

  /** @param {Float32Array} input mono @returns {Float32Array} 16 kHz mono, the newest 0.9 ms still inside */
  push(input) {
    if (this.up === 1 && this.down === 1) return input.slice();
    const { up, down, taps, table } = this;
    const all = new Float32Array(this.kept.length + input.length);
    all.set(this.kept);
    all.set(input, this.kept.length);
    const last = all.length - taps; // the last start a full window fits at
    const out = new Float32Array(Math.max(0, Math.ceil(((last + 1) * up - this.phase) / down)));
    let at = this.phase;
    let n = 0;
    for (; n < out.length; n += 1, at += down) {
      const start = Math.floor(at / up);
      if (start > last) break;
      const row = (at - start * up) * taps;
      let sum = 0;
      for (let k = 0; k < taps; k += 1) sum += all[start + k] * table[row + k];
      out[n] = sum;
    }
    const keepFrom = Math.min(Math.floor(at / up), all.length);
    this.kept = all.slice(keepFrom);
    this.phase = at - keepFrom * up;
    return n === out.length ? out : out.subarray(0, n);
  }
}

/** For each phase the taps of a Kaiser-windowed sinc, scaled to a gain of exactly one at 0 Hz. */
function filters(phases, half, cutoff) {
  const taps = 2 * half;
  const table = new Float32Array(phases * taps);
  for (let p = 0; p < phases; p += 1) {
    let sum = 0;
    for (let k = 0; k < taps; k += 1) {
      const x = k - half + 1 - p / phases;
      const sinc = x === 0 ? 1 : Math.sin(Math.PI * cutoff * x) / (Math.PI * cutoff * x);
      const value = sinc * kaiser(x / half);
      table[p * taps + k] = value;
      sum += value;
    }
    for (let k = 0; k < taps; k += 1) table[p * taps + k] /= sum;
  }
  return table;
}

const BETA = 6.5;
function kaiser(x) {
  return Math.abs(x) >= 1 ? 0 : bessel(BETA * Math.sqrt(1 - x * x)) / bessel(BETA);
}

function bessel(x) {
  let sum = 1;
  let term = 1;
  for (let k = 1; k < 30; k += 1) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

/** @param {Float32Array} samples @returns {Int16Array} clipped, never wrapped */
export function toInt16(samples) {
  const out = new Int16Array(samples.length);
  for (let i = 0; i < samples.length; i += 1) {
    const v = Math.round(samples[i] * 32768);
    out[i] = v > 32767 ? 32767 : v < -32768 ? -32768 : v;
  }
  return out;
}

/**
 * One AudioData as mono floats, whatever its format and channel count.
 * @param {AudioData} data @returns {Float32Array}
 */
export function toMono(data) {
  const frames = data.numberOfFrames;
  const channels = data.numberOfChannels;
  const planar = data.format.endsWith("-planar");
  const kind = data.format.split("-")[0];
  const [Type, scale, middle] = KINDS[kind] ?? KINDS.f32;
  const out = new Float32Array(frames);
  const share = 1 / (channels * scale);
  if (planar) {
    const plane = new Type(frames);
    for (let c = 0; c < channels; c += 1) {
      data.copyTo(plane, { planeIndex: c });
      for (let i = 0; i < frames; i += 1) out[i] += (plane[i] - middle) * share;
    }
    return out;
  }
  const all = new Type(frames * channels);
  data.copyTo(all, { planeIndex: 0 });
  for (let i = 0, k = 0; i < frames; i += 1) {
    for (let c = 0; c < channels; c += 1, k += 1) out[i] += (all[k] - middle) * share;
  }
  return out;
}

const KINDS = {
  f32: [Float32Array, 1, 0],
  s16: [Int16Array, 32768, 0],
  s32: [Int32Array, 2147483648, 0],
  u8: [Uint8Array, 128, 128],
};
