import assert from "node:assert/strict";
import { test } from "node:test";
import { initial, label, reduce, tile } from "../../static/agent/state.js";

const welcome = { type: "welcome", session: "s", name: "Parley", epoch: 2, state: "listening", acked: 0, lines: [], card: null, hand: "" };
const line = (id, text, final = true) => ({ type: "line", id, speaker: "Ada", text, final, agent: false });
const run = (...actions) => actions.reduce(reduce, initial("Parley"));

test("before the welcome the tile says it connects", () => {
  assert.equal(tile(initial("Parley"), []).word, "Connecting");
  assert.equal(label(initial("Parley")), "connecting");
});

test("the agent's state is the tile's word and shape", () => {
  for (const [state, word] of [["listening", "Listening"], ["thinking", "Thinking"], ["speaking", "Speaking"], ["muted", "Muted"]]) {
    const seen = tile(run(welcome, { type: "state", state, detail: "" }), []);
    assert.equal(seen.word, word);
    assert.equal(seen.mark, state);
  }
});

test("a short loss of the socket is not shown, a long one is", () => {
  const lost = run(welcome, { type: "connection", state: "lost" });
  assert.equal(tile(lost, []).word, "Listening");
  const away = reduce(lost, { type: "away" });
  assert.equal(tile(away, []).word, "Connecting");
  assert.equal(tile(reduce(away, welcome), []).word, "Listening");
  assert.equal(tile(reduce(run(welcome), { type: "away" }), []).word, "Listening");
});

test("a lost seat and a void link are one calm sentence", () => {
  assert.equal(tile(run(welcome, { type: "connection", state: "replaced" }), ["x"]).sentence, "This seat was taken by another window.");
  const refused = tile(run({ type: "connection", state: "refused" }), []);
  assert.equal(refused.sentence, "This link is no longer valid.");
  assert.equal(refused.note, "");
});

test("trouble shows its sentence instead of captions, lines and card", () => {
  const seen = tile(run(welcome, line("1", "hello"), { type: "state", state: "trouble", detail: "My voice is out." }), ["caption"]);
  assert.deepEqual([seen.sentence, seen.captions, seen.lines, seen.card], ["My voice is out.", [], [], null]);
});

test("the same line id replaces, empty lines are not shown, three are", () => {
  const state = run(welcome, line("1", "a", false), line("2", "b"), line("1", "a!"), line("3", " "), line("4", "c"), line("5", "d"));
  assert.deepEqual(tile(state, []).lines.map((l) => l.text), ["b", "c", "d"]);
  assert.equal(state.lines[0].text, "a!");
});

test("lines are bounded", () => {
  const state = Array.from({ length: 100 }, (_, i) => line(String(i), "x")).reduce(reduce, run(welcome));
  assert.equal(state.lines.length, 12);
});

test("the presence has the stage alone until there is something to say or show", () => {
  assert.equal(tile(run(welcome), []).stage, "alone");
  assert.equal(tile(run(welcome), ["hi"]).stage, "talk");
  assert.equal(tile(run(welcome, line("1", "a")), []).stage, "talk");
  assert.equal(tile(run(welcome, { type: "card", card: { kind: "text" } }), []).stage, "card");
});

test("an old begin does not bring back an old epoch", () => {
  const state = run(welcome, { type: "flush", epoch: 5 }, { type: "begin", epoch: 4, reply: 9 });
  assert.deepEqual([state.epoch, state.reply], [5, 0]);
});

test("the note says what a participant can do or should know", () => {
  assert.equal(tile(run(welcome, { type: "blocked", blocked: true }), []).note, "Click once to hear me");
  assert.equal(tile(run(welcome, { type: "mic", state: "missing" }), []).note, "I can read along, but not hear");
  assert.equal(tile(run(welcome, { type: "state", state: "thinking", detail: "Looking it up" }), []).note, "Looking it up");
  assert.equal(tile(run(welcome, { type: "mic", state: "ended" }), []).note, "");
});

test("a raised hand shows its label in place of the note until it is lowered", () => {
  const up = run(welcome, { type: "mic", state: "missing" }, { type: "hand", label: "  The ship\n date changed " });
  assert.deepEqual([tile(up, []).hand, tile(up, []).note], ["The ship date changed", ""]);
  assert.equal(tile(up, []).stage, "alone");
  const down = tile(reduce(up, { type: "hand", label: "" }), []);
  assert.deepEqual([down.hand, down.note], ["", "I can read along, but not hear"]);
  assert.equal(tile(run({ ...welcome, hand: "Ship date" }), []).hand, "Ship date");
  assert.equal(tile(run(welcome, { type: "hand", label: "x".repeat(5000) }), []).hand.length, 60);
});

test("who begins to speak takes the hand down, and an old begin does not", () => {
  const up = run(welcome, { type: "hand", label: "Ship date" });
  assert.equal(tile(reduce(up, { type: "begin", epoch: 2, reply: 3 }), []).hand, "");
  assert.equal(tile(reduce(up, { type: "begin", epoch: 1, reply: 3 }), []).hand, "Ship date");
  assert.equal(tile(reduce(up, { type: "state", state: "speaking", detail: "" }), []).hand, "");
});

test("no hand is up while the agent is away, in trouble or silenced by the browser", () => {
  const up = run(welcome, { type: "hand", label: "Ship date" });
  for (const action of [
    { type: "state", state: "trouble", detail: "" },
    { type: "connection", state: "replaced" },
    { type: "blocked", blocked: true },
  ]) assert.equal(tile(reduce(up, action), []).hand, "");
});

test("an action nobody knows changes nothing", () => {
  const state = run(welcome);
  assert.equal(reduce(state, { type: "pong", t: 1 }), state);
});
