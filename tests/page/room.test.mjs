import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { lean, MAX_BYTES, questionsOf, readMeetingFile } from "../../static/rehearsal/meeting-file.js";
import { after, clock, emptyRoom, explain, hue, initial, KEPT, wordsSaid } from "../../static/rehearsal/room-state.js";
import { suggestions } from "../../static/rehearsal/suggestions.js";

const ANA = { id: 1, name: "Ana" };
const BEN = { id: 2, name: "Ben" };
const welcome = (rest = {}) => ({
  type: "welcome", room: "r", agent: "Parley", state: "listening", people: [ANA, BEN], lines: [], meeting: null,
  manners: { voice: "silent", words: "", hand: "", talking: false }, ...rest,
});
const line = (id, rest = {}) => ({
  type: "line", id, person: 1, speaker: "Ana", text: "One two.", agent: false, final: true, words: [], ...rest,
});
const decided = (id, verdict) => ({ type: "decision", line: id, verdict, reason: "r", words: "why", latency_ms: null });
const run = (...events) => events.reduce((room, event) => after(room, event).room, emptyRoom());

test("a welcome replaces everything and keeps the chosen speaker while that person is there", () => {
  const room = run(welcome(), { type: "choose", person: 2 }, welcome({ lines: [line("p1")] }));
  assert.equal(room.speaker, 2);
  assert.equal(room.lines.size, 1);
  assert.equal(run(welcome(), { type: "choose", person: 2 }, { type: "people", people: [ANA] }).speaker, 1);
});

test("a line that comes again replaces itself and keeps its decision", () => {
  const room = run(welcome(), line("p1", { final: false }), decided("p1", "silent"), line("p1", { text: "Changed." }));
  assert.equal(room.lines.get("p1").text, "Changed.");
  assert.equal(room.lines.get("p1").decision.verdict, "silent");
});

test("each turn is counted once, whatever is decided again, and a welcome counts what it brings", () => {
  const events = [welcome(), line("p1"), decided("p1", "silent"), decided("p1", "silent"), line("p2"), decided("p2", "reply")];
  assert.deepEqual(run(...events).tally, { answered: 1, silent: 1 });
  const back = welcome({ lines: [line("p1", { decision: { verdict: "reply" } })] });
  assert.deepEqual(run(back).tally, { answered: 1, silent: 0 });
});

test("old lines leave, and are named so that their elements go too", () => {
  let room = run(welcome());
  let gone = [];
  for (let i = 0; i <= KEPT; i += 1) {
    const step = after(room, line(`p${i}`));
    room = step.room;
    gone = step.touched;
  }
  assert.equal(room.lines.size, KEPT);
  assert.deepEqual(gone, [`p${KEPT}`, "p0"]);
});

test("an unknown event changes nothing", () => {
  const room = run(welcome());
  assert.equal(after(room, { type: "from the future" }).room, room);
});

test("words appear when their time has come", () => {
  const speaking = line("p1", { final: false, words: [0, 0.4, 0.9] });
  assert.deepEqual([0, 0.5, 2].map((at) => wordsSaid(speaking, at)), [1, 2, 3]);
  assert.equal(wordsSaid(line("p1"), 0), Infinity);
});

test("decisions are told in plain words", () => {
  const say = (verdict, rest = {}) => explain({ verdict, words: "its name was called", latency_ms: null, ...rest });
  const why = "its name was called";
  assert.deepEqual(say("silent", { words: "nobody called its name" }), { verdict: "Stayed silent", why: "nobody called its name", wait: "" });
  assert.deepEqual(say("reply", { latency_ms: 640 }), { verdict: "Answered", why, wait: "first sound after 0.6 s" });
  assert.equal(say("reply", { outcome: "interrupted", latency_ms: 640 }).verdict, "Answered and gave way");
  assert.equal(say("reply", { outcome: "withdrawn" }).verdict, "Held its answer back");
  assert.equal(say("reply", { outcome: "failed" }).verdict, "Could not answer");
  assert.deepEqual(["stop", "mute", "new"].map((verdict) => say(verdict).verdict), ["Stopped", "Went quiet", ""]);
});

test("small things a person reads", () => {
  assert.deepEqual([0, 59.9, 61, 3600].map(clock), ["0:00", "0:59", "1:01", "60:00"]);
  assert.deepEqual(["ana", " Öd", "李雷", "PhD c", "Anna von Berg", ""].map(initial), ["A", "Ö", "李", "PC", "AB", "?"]);
  assert.deepEqual([1, 8, 9, 0].map(hue), ["hue-0", "hue-7", "hue-0", "hue-agent"]);
});

test("what to try next follows the rehearsal", () => {
  const labels = (room, questions = []) => suggestions(room, questions).map((chip) => chip.label);
  assert.deepEqual(labels(run(welcome()))[0], "Ana: Parley, who are you?");
  assert.ok(labels(run(welcome())).includes("Load the sample meeting"));
  const asked = run(welcome(), line("p1", { text: "Parley, who are you?" }));
  assert.ok(!labels(asked).includes("Ana: Parley, who are you?"));
  const meeting = { state: "ready", said: 0, turns: 3 };
  assert.equal(suggestions(run(welcome({ meeting })), [])[0].kind, "play");
  assert.deepEqual(labels(run(welcome({ meeting: { ...meeting, state: "playing", said: 1 } }))), []);
  const over = run(welcome({ meeting: { ...meeting, state: "over", said: 3 } }));
  assert.deepEqual(labels(over, ["Parley, when?"])[0], "Ana: Parley, when?");
  assert.equal(labels(over).length, 3);
  assert.deepEqual(labels(run(welcome({ state: "speaking" })))[0], "Ben: Parley, stop.");
});

const file = (text, size = text.length) => ({ name: "m.json", size, text: async () => text });

test("a file that is no meeting is refused with a sentence", async () => {
  await assert.rejects(readMeetingFile(file("", MAX_BYTES + 1)), /too big: 5\.0 MB/);
  await assert.rejects(readMeetingFile(file("{")), /not JSON/);
  for (const text of ["[]", "null", "3", '{"turns": 1}']) await assert.rejects(readMeetingFile(file(text)), /not a meeting|not JSON/);
  assert.deepEqual(await readMeetingFile(file('{"turns": []}')), { turns: [] });
});

test("only what a meeting needs travels", () => {
  const whole = { id: "M1", turns: [{ i: 0, speaker: "A", text: "x", start: 0, end: 1, raw: "y" }, 7], topics: [1] };
  assert.deepEqual(lean(whole), { title: "M1", turns: [{ speaker: "A", text: "x", start: 0, end: 1 }, 7] });
});

test("the sample meeting is a meeting, with questions to ask", async () => {
  const text = await readFile(new URL("../../static/rehearsal/sample-meeting.json", import.meta.url), "utf8");
  const whole = await readMeetingFile(file(text));
  assert.ok(whole.turns.length >= 30);
  assert.ok(whole.turns.every((turn, i) => turn.end > turn.start && (i === 0 || turn.start >= whole.turns[i - 1].start)));
  assert.equal(questionsOf(whole).length, 4);
  assert.deepEqual(questionsOf({ questions: [1, "", "x".repeat(201), "ok?"] }), ["ok?"]);
});
