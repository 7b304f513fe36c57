// Did somebody just begin to talk? Loudness against a slowly learned floor. Pure: levels and times in, a verdict out.
// Before it is sure, there is a stir: softer and shorter sound, which may be the beginning of a word or only a knock.

const ABOVE_FLOOR_DB = 9;
const LEAST_DB = -45;
const HOLD_MS = 60;
const STIR_DB = -50;
const STIR_MS = 20;
const STIR_MOST_MS = 300; // what did not become an onset by then is a soft noise
const REARM_MS = 400; // this long below the line before another onset counts
const FLOOR_STEP_MS = 100;
const SILENCE_DB = -90;

/** @param {Float32Array} samples @returns {number} dBFS of their RMS, -90 for silence */
export function level(samples) {
  let sum = 0;
  for (let i = 0; i < samples.length; i += 1) sum += samples[i] * samples[i];
  const power = sum / Math.max(1, samples.length);
  return power > 1e-9 ? 10 * Math.log10(power) : SILENCE_DB;
}

export class Onset {
  constructor() {
    this.floor = -60;
    this.loudMs = 0;
    this.stirMs = 0;
    this.quietMs = REARM_MS;
    this.peak = SILENCE_DB;
    this.armed = true;
    this.block = { ms: 0, power: 0 };
  }

  /** Whether somebody talks, as far as the last stretch tells. */
  get loud() {
    return this.stirMs > 0;
  }

  /** Whether there may be an onset before long. */
  get stirring() {
    return this.armed && this.stirMs >= STIR_MS && this.stirMs < STIR_MOST_MS;
  }

  /**
   * @param {number} db of this stretch @param {number} ms how long it is
   * @returns {number|null} the onset's level in dBFS, once per onset
   */
  push(db, ms) {
    this.#learn(db, ms);
    const above = db > this.floor + ABOVE_FLOOR_DB;
    this.stirMs = above && db > STIR_DB ? this.stirMs + ms : 0;
    if (above && db > LEAST_DB) {
      this.quietMs = 0;
      this.loudMs += ms;
      this.peak = Math.max(this.peak, db);
      if (this.armed && this.loudMs >= HOLD_MS) {
        this.armed = false;
        return this.peak;
      }
      return null;
    }
    this.loudMs = 0;
    this.peak = SILENCE_DB;
    this.quietMs += ms;
    if (this.quietMs >= REARM_MS) this.armed = true;
    return null;
  }

  /**
   * The slow 5th percentile of 100 ms blocks, without keeping them: a step down weighs nineteen steps up, so it rests
   * where one block in twenty lies below it. It moves at most 3.6 dB a second downwards, 0.19 dB upwards.
   */
  #learn(db, ms) {
    this.block.power += 10 ** (db / 10) * ms;
    this.block.ms += ms;
    if (this.block.ms < FLOOR_STEP_MS) return;
    const block = 10 * Math.log10(this.block.power / this.block.ms);
    this.block = { ms: 0, power: 0 };
    const step = 0.02;
    this.floor += block < this.floor ? -19 * step : step;
    this.floor = Math.max(SILENCE_DB, Math.min(-20, this.floor));
  }
}
