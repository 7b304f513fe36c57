import assert from "node:assert/strict";
import { test } from "node:test";
import { Resampler, toInt16, toMono } from "../../static/agent/resampler.js";
import { Onset, level } from "../../static/agent/onset.js";
import { VoiceShape, envelope, REST } from "../../static/agent/voice-shape.js";
import { mouthPath } from "../../static/agent/view/face.js";
import { DeficitMeter } from "../../static/agent/health.js";

const tone = (rate, hz, seconds, from = 0) =>
  Float32Array.from({ length: Math.round(rate * seconds) }, (_, i) => 0.5 * Math.sin((2 * Math.PI * hz * (i + from)) / rate));

/** All of `input` through one resampler, in chunks of uneven length. */
function stream(rate, input, sizes = [441, 100, 1024, 3, 4410]) {
  const resampler = new Resampler(rate);
  const parts = [];
  for (let at = 0, n = 0; at < input.length; n += 1) {
    const size = sizes[n % sizes.length];
    parts.push(...resampler.push(input.subarray(at, at + size)));
    at += size;
  }
  return Float32Array.from(parts);
}

const power = (values) => values.reduce((sum, v) => sum + v * v, 0) / values.length;

for (const rate of [48_000, 44_100, 32_000, 24_000, 22_050, 8_000, 96_000]) {
  test(`a 1 kHz tone at ${rate} Hz arrives as the same tone, in time, at 50 dB or better`, () => {
    const out = stream(rate, tone(rate, 1000, 1));
    const wanted = tone(16_000, 1000, 1);
    const inner = [...out.keys()].slice(400, out.length - 400);
    const noise = power(inner.map((i) => out[i] - wanted[i]));
    const snr = 10 * Math.log10(power(inner.map((i) => wanted[i])) / noise);
    assert.ok(snr > 50, `SNR ${snr.toFixed(1)} dB`);
    assert.ok(out.length <= 16_000 && out.length > 15_900, `${out.length} samples`);
  });
}

test("chunks of any size give the same samples as one", () => {
  const input = tone(44_100, 440, 0.5);
  assert.deepEqual(stream(44_100, input), stream(44_100, input, [input.length]));
});

for (const [rate, hz] of [[48_000, 11_000], [44_100, 9_500], [48_000, 20_000], [96_000, 30_000]]) {
  test(`${hz} Hz at ${rate} Hz does not fold into the speech`, () => {
    const out = stream(rate, tone(rate, hz, 0.5)).subarray(500, 7000);
    assert.ok(10 * Math.log10(power(out) / 0.125) < -55, `${(10 * Math.log10(power(out) / 0.125)).toFixed(1)} dB`);
  });
}

test("16 kHz passes unchanged", () => {
  const input = tone(16_000, 300, 0.1);
  assert.deepEqual(new Resampler(16_000).push(input), input);
});

test("loud sound is clipped, not wrapped", () => {
  assert.deepEqual([...toInt16(Float32Array.of(2, -2, 0, 0.5))], [32767, -32768, 0, 16384]);
});

/** An AudioData as a browser would give it. */
function audioData(format, channels, values) {
  const planar = format.endsWith("-planar");
  return {
    format,
    numberOfChannels: channels.length,
    numberOfFrames: channels[0].length,
    copyTo(target, { planeIndex }) {
      const from = planar ? channels[planeIndex] : channels[0].flatMap((_, i) => channels.map((c) => c[i]));
      assert.equal(target.length, from.length, "copyTo wants exactly the plane's size");
      target.set(from);
    },
    values,
  };
}

test("every format and channel count becomes the same mono sound", () => {
  const float = [[0.5, -0.25, 0], [0, 0.25, 0.5]];
  const wanted = [0.25, 0, 0.25];
  const scaled = (scale, middle = 0) => float.map((c) => c.map((v) => v * scale + middle));
  for (const [format, channels] of [
    ["f32-planar", float],
    ["f32", float],
    ["s16-planar", scaled(32768)],
    ["s16", scaled(32768)],
    ["s32", scaled(2147483648)],
    ["u8", scaled(128, 128)],
    ["u8-planar", scaled(128, 128)],
  ]) {
    assert.deepEqual([...toMono(audioData(format, channels))], wanted, format);
  }
  assert.deepEqual([...toMono(audioData("f32", [[0.5, 0.25]]))], [0.5, 0.25]);
});

test("an onset is heard once, after 60 ms, above the floor", () => {
  const onset = new Onset();
  for (let i = 0; i < 1000; i += 1) assert.equal(onset.push(-62, 10), null);
  const heard = Array.from({ length: 50 }, () => onset.push(-20, 10));
  assert.deepEqual(heard.map((v) => v !== null).indexOf(true), 5);
  assert.equal(heard.filter((v) => v !== null).length, 1);
  for (let i = 0; i < 50; i += 1) onset.push(-62, 10);
  assert.ok(Array.from({ length: 7 }, () => onset.push(-20, 10)).some((v) => v !== null), "armed again after a pause");
});

test("a quiet voice and a short knock are no onset", () => {
  const onset = new Onset();
  for (let i = 0; i < 200; i += 1) onset.push(-70, 10);
  for (let i = 0; i < 20; i += 1) assert.equal(onset.push(-47, 10), null, "below -45 dBFS");
  for (let i = 0; i < 5; i += 1) assert.equal(onset.push(-10, 10), null, "50 ms");
  assert.equal(onset.push(-70, 10), null);
});

/** @returns {[number, boolean][]} when, in ms, it began and ceased to stir */
function stirs(levels, onset = new Onset()) {
  for (let i = 0; i < 100; i += 1) onset.push(-70, 10);
  const seen = [];
  let before = false;
  levels.forEach((db, i) => {
    onset.push(db, 10);
    if (onset.stirring !== before) seen.push([(i + 1) * 10, (before = onset.stirring)]);
  });
  return seen;
}

test("a stir comes 20 ms into a sound, before the onset, and also of a softer one", () => {
  assert.deepEqual(stirs(Array(20).fill(-20)), [[20, true], [60, false]], "until the onset");
  assert.deepEqual(stirs([-20, -20, -20, -70, -70]), [[20, true], [40, false]], "until it was only a knock");
  assert.deepEqual(stirs(Array(60).fill(-48)), [[20, true], [300, false]], "for a while, of what never becomes an onset");
  assert.deepEqual(stirs([-20, -70, -20, -70]), [], "one click is nothing");
});

test("between the words of one onset nothing stirs again", () => {
  const words = [...Array(30).fill(-20), ...Array(20).fill(-70), ...Array(30).fill(-20)];
  assert.deepEqual(stirs(words), [[20, true], [60, false]]);
});

test("in a loud room the floor rises until its noise is no onset", () => {
  const onset = new Onset();
  let found = 0;
  for (let i = 0; i < 100 * 60 * 4; i += 1) if (onset.push(-38 + (i % 7) * 0.2, 10) !== null && i > 100 * 60 * 3) found += 1;
  assert.equal(found, 0);
  assert.ok(onset.floor > -48 && onset.floor < -37, `${onset.floor}`);
});

test("the floor rests near the fifth percentile", () => {
  const onset = new Onset();
  for (let i = 0; i < 60_000; i += 1) onset.push(i % 10 === 0 ? -60 : -30, 100);
  assert.ok(onset.floor < -58, `${onset.floor}`);
});

test("level is dBFS", () => {
  assert.ok(Math.abs(level(tone(16_000, 500, 0.5)) - -9.03) < 0.05);
  assert.equal(level(new Float32Array(100)), -90);
});

test("the mouth follows the loudness, and is closed in silence", () => {
  const loud = Int16Array.from(tone(24_000, 200, 0.2), (v) => v * 32767);
  assert.ok(envelope(loud).every((step) => step === 6));
  assert.ok(envelope(new Int16Array(4800)).every((step) => step === 0));
  const shape = new VoiceShape();
  shape.sound(0, loud);
  shape.sound(4800, new Int16Array(4800));
  assert.equal(shape.at(100).open, 6);
  assert.deepEqual(shape.at(5000), REST);
  assert.deepEqual(shape.at(50_000), REST);
});

test("mouth marks give the shape", () => {
  const shape = new VoiceShape();
  shape.sound(0, Int16Array.from(tone(24_000, 200, 1), (v) => v * 32767));
  shape.marks([["round", 2400], ["closed", 4800], ["nonsense", 4900]]);
  assert.deepEqual(shape.at(2500), { open: 4, width: 1 });
  assert.equal(shape.at(4950).open, 0);
});

test("a closed mouth is one line, an open one is not", () => {
  assert.match(mouthPath(0, 3), /Q220 292 .*Q220 292/);
  assert.doesNotMatch(mouthPath(4, 3), /Q220 292 .*Q220 292/);
});

test("the deficit is what the audio clock lost while it ran", () => {
  const meter = new DeficitMeter();
  for (let t = 0; t <= 1000; t += 100) meter.sample(t, t * 0.98);
  assert.ok(Math.abs(meter.rate - 20) < 0.01);
  meter.reset();
  meter.sample(2000, null);
  meter.sample(9000, 980);
  meter.sample(9100, 1080);
  assert.equal(meter.rate, 0);
});
