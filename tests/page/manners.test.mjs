import assert from "node:assert/strict";
import { test } from "node:test";
import { floorOf, mayInterrupt, passing, speakers, toldOf, voiceOf } from "../../static/rehearsal/manners.js";
import { after, emptyRoom } from "../../static/rehearsal/room-state.js";

const welcome = (manners = {}) => ({
  type: "welcome", room: "r", agent: "Parley", state: "listening", lines: [], meeting: null,
  people: [{ id: 1, name: "Ana" }, { id: 2, name: "Ben" }, { id: 3, name: "Cem" }],
  manners: { voice: "silent", words: "", hand: "", talking: false, ...manners },
});
const says = (person, speaker, final = false) => ({ type: "line", id: `p${person}`, person, speaker, text: "x", agent: false, final, words: [] });
const voice = (kind, words = "") => ({ type: "voice", voice: kind, words });
const floor = (talking) => ({ type: "floor", talking });
const run = (...events) => [welcome(), ...events].reduce((room, event) => after(room, event).room, emptyRoom());
const text = (room, microphone = false) => floorOf(room, microphone).text;

test("the floor is told by name", () => {
  assert.deepEqual(floorOf(run(), false), { text: "Quiet", who: null });
  assert.deepEqual(floorOf(run(says(2, "Ben")), false), { text: "Ben is speaking", who: 2 });
  assert.equal(text(run(says(1, "Ana"), says(2, "Ben"))), "Ana and Ben are speaking");
  assert.equal(text(run(says(1, "Ana"), says(2, "Ben"), says(3, "Cem"))), "Ana, Ben and Cem are speaking");
  assert.equal(text(run(says(1, "Ana"), says(1, "Ana", true))), "Quiet");
  assert.deepEqual(floorOf(run(voice("speaking")), false), { text: "Parley is speaking", who: 0 });
  assert.equal(text(run(voice("lowered"), says(2, "Ben"))), "Ben talks over Parley");
});

test("an agent that holds its voice leaves the floor", () => {
  assert.equal(text(run(voice("speaking"), voice("held"))), "Quiet");
  assert.equal(text(run(voice("held"), says(2, "Ben"))), "Ben is speaking");
});

test("sound without a line is the microphone, or somebody", () => {
  assert.equal(text(run(floor(true)), true), "You are heard");
  assert.equal(text(run(floor(true))), "Somebody is heard");
  assert.equal(text(run(voice("speaking"), floor(true)), true), "You talk over Parley");
  assert.equal(text(run(floor(true), floor(false)), true), "Quiet");
});

test("what a line explains is not a second somebody, also a moment after it", () => {
  assert.equal(text(run(says(1, "Ana"), floor(true), says(1, "Ana", true))), "Quiet");
  assert.equal(text(run(floor(true), says(1, "Ana"), says(1, "Ana", true))), "Quiet");
  assert.equal(text(run(says(1, "Ana"), floor(true), says(1, "Ana", true), floor(false), floor(true))), "Somebody is heard");
});

test("the voice is told in a word or two", () => {
  const say = (since, ...events) => voiceOf(run(...events), since).text;
  assert.equal(say(0), "Silent");
  assert.equal(say(0, { type: "state", state: "thinking" }), "About to answer");
  assert.equal(say(0, { type: "state", state: "muted" }), "Muted");
  assert.equal(say(0, { type: "state", state: "speaking" }), "Speaking");
  assert.equal(say(0, voice("lowered")), "Lowered");
  assert.equal(say(0, voice("held")), "Held");
  assert.equal(say(0, voice("stopped")), "Stopped");
  assert.equal(say(0, voice("stopped", "interrupted")), "Stopped: interrupted");
});

test("going on and having stopped are news for a while only", () => {
  const going = run(voice("going on"));
  assert.deepEqual([voiceOf(going, 0).text, voiceOf(going, passing("going on", 0)).text], ["Going on", "Speaking"]);
  const stopped = run(voice("stopped", "told to"));
  assert.equal(voiceOf(stopped, passing("stopped", 0)).text, "Silent");
  assert.equal(passing("stopped", 1e9), 0);
  assert.equal(passing("lowered", 0), 0);
});

test("there is something to cut into while an answer sounds, is held or is on its way", () => {
  assert.deepEqual(["silent", "stopped"].map((kind) => mayInterrupt(run(voice(kind)))), [false, false]);
  for (const kind of ["speaking", "lowered", "held", "going on"]) assert.ok(mayInterrupt(run(voice(kind))));
  assert.ok(mayInterrupt(run({ type: "state", state: "thinking" })));
});

test("a welcome brings the manners, a hand goes up and down", () => {
  const room = after(emptyRoom(), welcome({ hand: "Ship date", voice: "held" })).room;
  assert.deepEqual([room.manners.hand, room.manners.voice], ["Ship date", "held"]);
  assert.equal(after(room, { type: "hand", label: "" }).room.manners.hand, "");
});

test("what became of the voice during a line", () => {
  assert.deepEqual(toldOf(["lowered", "held", "going on", "stopped"]), ["lowered its voice", "held", "went on", "stopped"]);
  assert.equal(speakers(new Map()).size, 0);
});
