import assert from "node:assert/strict";
import { test } from "node:test";
import { bars, fit, line, short } from "../../static/agent/charts.js";
import { createBackoff } from "../../static/agent/backoff.js";
import { createResume } from "../../static/agent/resume.js";
import { createSelfDuck } from "../../static/agent/self-duck.js";
import { takeToken } from "../../static/agent/token.js";

const measure = (text) => [...text].length * 21;
const box = { width: 792, height: 300, size: 40, measure };

function storage(values = {}) {
  return {
    values,
    getItem: (key) => values[key] ?? null,
    setItem: (key, value) => (values[key] = String(value)),
    removeItem: (key) => delete values[key],
  };
}

test("numbers stay short", () => {
  assert.deepEqual([0, 7, 0.5, 0.126, 12.34, 480, 12_345, 1_250_000, -3e9].map(short), ["0", "7", "0.5", "0.13", "12.3", "480", "12.3k", "1.3M", "-3B"]);
});

test("bars stay in their box, in proportion, with labels that end before them", () => {
  const chart = bars({ labels: ["Rubber case with buttons", "B", "C"], values: [8, 4, 0] }, box);
  const [a, b, c] = chart.rows;
  assert.ok(Math.abs(a.width / b.width - 2) < 0.01);
  assert.equal(c.width, 4);
  for (const row of chart.rows) {
    assert.ok(row.x >= 0 && row.numberX + 40 <= box.width && row.y + row.height <= box.height);
    assert.ok(measure(row.label) <= row.x);
  }
});

test("bars go left of zero for negative values, and what does not fit is counted", () => {
  const chart = bars({ labels: [], values: [5, -5, 1, 1, 1, 1, 1, 1, 1] }, box);
  assert.ok(chart.rows[1].x < chart.zero && chart.rows[0].x === chart.zero);
  assert.equal(chart.rows.length + chart.hidden, 9);
});

test("a chart of nothing, of one value and of equal values is drawn", () => {
  assert.deepEqual(line({ labels: [], values: [] }, box).points, []);
  assert.equal(bars({ labels: [], values: [] }, box).rows.length, 0);
  for (const values of [[3], [3, 3, 3], [0, 0]]) {
    for (const p of line({ labels: ["a", "b"], values }, box).points) assert.ok(Number.isFinite(p.x) && Number.isFinite(p.y));
    for (const r of bars({ labels: [], values }, box).rows) assert.ok(Number.isFinite(r.width));
  }
});

test("a line keeps its ends, and its numbers do not touch", () => {
  const values = Array.from({ length: 200 }, (_, i) => Math.sin(i / 9) * 50);
  const chart = line({ labels: values.map((_, i) => `Day ${i}`), values }, box);
  assert.equal(chart.points.length, 24);
  assert.equal(chart.points.at(-1).value, values.at(-1));
  assert.deepEqual(chart.ends.map((e) => e.text), ["Day 0", "Day 199"]);
  const xs = chart.notes.map((n) => n.x).sort((a, b) => a - b);
  xs.slice(1).forEach((x, i) => assert.ok(x - xs[i] > 100));
  for (const p of chart.points) assert.ok(p.x >= 0 && p.x <= box.width && p.y >= 0 && p.y <= box.height);
});

test("labels that are too long end in an ellipsis", () => {
  assert.equal(fit("Rubber", 400, measure), "Rubber");
  assert.match(fit("A very long label indeed", 200, measure), /…$/);
});

test("waiting doubles from a quarter second to three seconds, with jitter", () => {
  const middle = createBackoff({ random: () => 0.5 });
  assert.deepEqual(Array.from({ length: 6 }, () => middle.wait()), [250, 500, 1000, 2000, 3000, 3000]);
  middle.reset();
  assert.equal(middle.wait(), 250);
  assert.ok(createBackoff({ random: () => 0 }).wait() < createBackoff({ random: () => 1 }).wait());
});

function page(href, kept = {}) {
  const seen = { address: href };
  return {
    seen,
    location: { href },
    history: { replaceState: (_s, _t, address) => (seen.address = address) },
    sessionStorage: storage(kept),
  };
}

test("the token leaves the address and survives a reload", () => {
  const first = page("http://127.0.0.1:1/agent/?t=secret&debug=1#x");
  assert.equal(takeToken(first), "secret");
  assert.equal(first.seen.address, "/agent/?debug=1#x");
  assert.equal(takeToken(page("http://127.0.0.1:1/agent/?debug=1", first.sessionStorage.values)), "secret");
  assert.equal(takeToken(page("http://127.0.0.1:1/agent/")), "");
});

test("a forbidden storage costs the reload, not the visit", () => {
  const closed = { ...page("http://h/agent/?t=x"), sessionStorage: { getItem() { throw new Error("no"); }, setItem() { throw new Error("no"); } } };
  assert.equal(takeToken(closed), "x");
});

test("the place of the voice is written twice a second, and at once when asked", () => {
  const store = storage();
  const resume = createResume(store);
  resume.remember({ epoch: 1, reply: 2, played: 10 }, 0);
  resume.remember({ epoch: 1, reply: 2, played: 20 }, 100);
  assert.equal(createResume(store).latest.played, 10);
  resume.remember({ epoch: 1, reply: 2, played: 30 }, 200, true);
  assert.deepEqual(createResume(store).latest, { epoch: 1, reply: 2, played: 30 });
  resume.forget();
  assert.equal(createResume(store).latest, null);
});

test("a spoiled memory is no memory", () => {
  for (const value of ["nonsense", "[]", '{"epoch":-1,"reply":1,"played":1}', '{"epoch":1}', "7"]) {
    assert.equal(createResume(storage({ "parley.resume": value })).latest, null);
  }
});

function ducking() {
  const seen = [];
  let release = null;
  const self = createSelfDuck({
    duck: (db, ramp) => seen.push([db, ramp]),
    later: (f) => ((release = f), 1),
    cancel: () => (release = null),
  });
  return { self, seen, release: () => release?.() };
}

test("the page ducks by itself and comes back by itself", () => {
  const { self, seen, release } = ducking();
  self.onset();
  assert.equal(self.ducked, true);
  self.onset();
  assert.deepEqual(seen, [[-12, 30]]);
  release();
  assert.deepEqual(seen, [[-12, 30], [0, 120]]);
  assert.equal(self.ducked, false);
});

test("a stir lowers the voice, which is back at once when nothing followed", () => {
  const { self, seen } = ducking();
  self.stir(true);
  self.stir(true);
  assert.equal(self.ducked, true);
  self.stir(false);
  assert.equal(self.ducked, false);
  assert.deepEqual(seen, [[-12, 30], [0, 120]]);
});

test("an onset after a stir keeps the voice low", () => {
  const { self, seen, release } = ducking();
  self.stir(true);
  self.onset();
  self.stir(false);
  assert.deepEqual(seen, [[-12, 30]]);
  release();
  assert.deepEqual(seen.at(-1), [0, 120]);
  self.stir(true);
  self.settle();
  self.stir(false);
  assert.deepEqual(seen.at(-1), [-12, 30], "what the backend settled is the backend's");
});

test("the backend's word ends the page's own duck", () => {
  const { self, seen, release } = ducking();
  self.onset();
  self.settle();
  release();
  assert.deepEqual(seen, [[-12, 30]]);
  self.onset();
  self.settle(true);
  assert.deepEqual(seen.at(-1), [0, 30]);
});
