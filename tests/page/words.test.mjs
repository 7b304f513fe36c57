import assert from "node:assert/strict";
import { test } from "node:test";
import { Captions, tokens } from "../../static/agent/captions.js";
import { inline, parse } from "../../static/agent/markdown.js";
import { shortName, tail } from "../../static/agent/lines.js";

const measure = (text) => [...text].length * 10;
const box = { width: 240, lines: 3, measure };

test("without marks words are spread over the piece by their characters", () => {
  const captions = new Captions(box);
  captions.piece(0, 24_000, "one two three four");
  captions.end(24_000 + 18_000);
  assert.deepEqual(captions.at(23_999), []);
  assert.deepEqual(captions.at(24_000), ["one"]);
  assert.deepEqual(captions.at(24_000 + 3999), ["one"]);
  assert.deepEqual(captions.at(24_000 + 4000), ["one two"]);
  assert.deepEqual(captions.at(99_999), ["one two three four"]);
});

test("marks decide when there are any, and may come later and in parts", () => {
  const captions = new Captions(box);
  captions.piece(0, 0, "one two three");
  captions.end(13_000);
  captions.marks(0, [[4, 3, 9000]]);
  assert.deepEqual(captions.at(8999), ["one"]);
  captions.marks(0, [[0, 3, 100]]);
  captions.marks(0, [[8, 5, 12_500]]);
  assert.deepEqual(captions.at(99), []);
  assert.deepEqual(captions.at(9000), ["one two"]);
  assert.deepEqual(captions.at(12_500), ["one two three"]);
});

test("three lines at most, and a line never changes its breaks while it is read", () => {
  const text = "You chose the rubber case, pending the cost check, and Ben asks procurement for a second quote by Friday.";
  const captions = new Captions(box);
  captions.piece(0, 0, text);
  captions.end(240_000);
  const whole = captions.build().map((line) => line.map((w) => w.text).join(" "));
  for (let sample = 0; sample <= 240_000; sample += 500) {
    const lines = captions.at(sample);
    assert.ok(lines.length <= 3);
    for (const line of lines.slice(0, -1)) assert.ok(whole.includes(line));
    for (const line of lines) assert.ok(measure(line) <= 240, line);
  }
  assert.equal(whole.join(" "), text);
});

test("a later piece does not move the words before it", () => {
  const captions = new Captions(box);
  captions.piece(0, 0, "First sentence here.");
  const before = captions.build()[0].map((w) => w.text);
  captions.piece(1, 48_000, "And the next one.");
  assert.deepEqual(captions.build()[0].slice(0, before.length).map((w) => w.text), before);
  captions.end(96_000);
  assert.deepEqual(captions.at(96_000).join(" "), "First sentence here. And the next one.");
});

test("a very long word is broken, a script without spaces is not glued", () => {
  const captions = new Captions(box);
  captions.piece(0, 0, `${"x".repeat(60)} end`);
  for (const line of captions.build()) assert.ok(measure(line.map((w) => w.text).join(" ")) <= 240);
  assert.deepEqual(tokens("今日は、rubber case です。").map((t) => t.text), ["今", "日", "は、", "rubber", "case", "で", "す。"]);
  const cjk = new Captions(box);
  cjk.piece(0, 0, "今日はいい天気ですね。");
  cjk.end(11);
  assert.deepEqual(cjk.at(11), ["今日はいい天気ですね。"]);
});

test("captions for a narrower box are broken anew", () => {
  const captions = new Captions(box);
  captions.piece(0, 0, "one two three four five six seven");
  captions.end(10);
  captions.fit({ width: 120, lines: 2, measure });
  assert.ok(captions.at(10).length === 2 && captions.at(10).every((line) => measure(line) <= 120));
});

test("the subset of Markdown, and nothing else", () => {
  assert.deepEqual(inline("a **b** *c* `d` [e](http://x/) <img onerror=1>"), [
    { kind: "text", text: "a " },
    { kind: "strong", text: "b" },
    { kind: "text", text: " " },
    { kind: "em", text: "c" },
    { kind: "text", text: " " },
    { kind: "code", text: "d" },
    { kind: "text", text: " " },
    { kind: "text", text: "e" },
    { kind: "text", text: " <img onerror=1>" },
  ]);
  assert.deepEqual(parse("# Head\n\nOne\ntwo\n\n- a\n* b\n1. c").map((p) => [p.kind, p.runs.map((r) => r.text).join("")]), [
    ["heading", "Head"],
    ["paragraph", "One two"],
    ["bullet", "a"],
    ["bullet", "b"],
    ["number", "c"],
  ]);
  assert.deepEqual(inline("2 * 3 * 4 and **open"), [{ kind: "text", text: "2 * 3 * 4 and **open" }]);
});

test("of a hostile length only the beginning is read", () => {
  for (const text of ["*".repeat(50_000), "[".repeat(50_000), "`".repeat(50_001), "**a".repeat(20_000), "a\n".repeat(90_000)]) {
    const length = parse(text).flatMap((part) => part.runs).reduce((sum, run) => sum + run.text.length, 0);
    assert.ok(length > 0 && length <= 3000);
  }
});

test("a line keeps its newest words", () => {
  assert.equal(tail("short", 100, measure), "short");
  const cut = tail("the cost came in above what we agreed in March", 200, measure);
  assert.equal(cut, "…we agreed in March");
  assert.ok(measure(tail("漢".repeat(900), 200, measure)) <= 200);
  assert.equal(tail("   a \n b  ", 100, measure), "a b");
  assert.ok(tail("word ".repeat(10_000), 200, measure).endsWith("word"));
});

test("a name leaves room for words", () => {
  assert.equal(shortName("Ada Marsh"), "Ada Marsh");
  assert.equal(shortName("Maximiliane Featherstonehaugh"), "Maximiliane");
  assert.equal([...shortName("x".repeat(90))].length, 18);
});
