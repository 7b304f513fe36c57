import assert from "node:assert/strict";
import { test } from "node:test";
import { FROM_PAGE, MessageError, SOUND, VOICE, build, packSound, parseMessage, unpackVoice } from "../../static/agent/messages.js";

const parse = (value) => parseMessage(typeof value === "string" ? value : JSON.stringify(value));

test("defaults are filled in and unknown fields left out", () => {
  assert.deepEqual(parse({ type: "state", state: "muted", extra: 1 }), { type: "state", state: "muted", detail: "" });
  const welcome = parse({ type: "welcome", session: "s", name: "n", epoch: 0, state: "listening" });
  assert.deepEqual([welcome.acked, welcome.lines, welcome.card, welcome.resume, welcome.version, welcome.hand], [0, [], null, null, 1, ""]);
});

test("a type nobody knows is ignored, also one that names a property of every object", () => {
  assert.equal(parse({ type: "hologram" }), null);
  assert.equal(parse({ type: "constructor" }), null);
  assert.equal(parse({ type: "__proto__" }), null);
});

for (const bad of [
  "", "nonsense", "[]", "null", "1", '"x"', "{}", '{"type":1}',
  { type: "begin", epoch: -1, reply: 1 },
  { type: "begin", epoch: 1.5, reply: 1 },
  { type: "begin", epoch: "1", reply: 1 },
  { type: "begin", epoch: 1 },
  { type: "state", state: "dancing" },
  { type: "piece", epoch: 1, reply: 1, index: 0, start: 0, text: null },
  { type: "marks", epoch: 1, reply: 1, index: 0, words: [[1, 2]] },
  { type: "card", card: { kind: "film" } },
  { type: "card", card: { kind: "bar", values: ["1"] } },
  { type: "card" },
  { type: "duck", db: null },
  { type: "hand" },
  { type: "hand", label: null },
]) {
  test(`refused: ${JSON.stringify(bad)}`, () => assert.throws(() => parse(bad), MessageError));
}

test("long lists are cut, not kept", () => {
  const card = { kind: "table", rows: Array.from({ length: 500 }, () => ["a"]) };
  assert.equal(parse({ type: "card", card }).card.rows.length, 40);
});

test("what the page builds it checks too", () => {
  assert.deepEqual(build("feed", { connected: true }), { type: "feed", connected: true });
  assert.throws(() => build("feed", { connected: 1 }), MessageError);
  assert.throws(() => build("played", { epoch: 1, reply: 1, samples: NaN, buffered: 0, underruns: 0, ended: false }), MessageError);
  assert.equal(Object.keys(FROM_PAGE).length, 10);
});

test("a sound frame up has the header of the wire", () => {
  const frame = new DataView(packSound(2 ** 33 + 5, Int16Array.of(1, -2)));
  assert.equal(frame.byteLength, 24);
  assert.equal(frame.getUint8(0), SOUND);
  assert.equal(frame.getBigUint64(12, true), 2n ** 33n + 5n);
  assert.equal(frame.getInt16(22, true), -2);
});

function voiceFrame(kind = VOICE, samples = [7, -8]) {
  const frame = new DataView(new ArrayBuffer(20 + samples.length * 2));
  frame.setUint8(0, kind);
  frame.setUint32(4, 3, true);
  frame.setUint32(8, 12, true);
  frame.setBigUint64(12, 480n, true);
  samples.forEach((v, i) => frame.setInt16(20 + 2 * i, v, true));
  return frame.buffer;
}

test("a voice frame down is read as it was sent", () => {
  const { epoch, reply, first, pcm } = unpackVoice(voiceFrame());
  assert.deepEqual([epoch, reply, first, [...pcm]], [3, 12, 480, [7, -8]]);
});

test("a short, odd or foreign frame is refused", () => {
  assert.throws(() => unpackVoice(new ArrayBuffer(3)), MessageError);
  assert.throws(() => unpackVoice(voiceFrame().slice(0, 23)), MessageError);
  assert.throws(() => unpackVoice(voiceFrame(SOUND)), MessageError);
});
