import assert from "node:assert/strict";
import { test } from "node:test";
import { Playout, RATE } from "../../static/agent/playout.js";

const block = (n, from = 0) => Int16Array.from({ length: n }, (_, i) => ((from + i) % 30000) + 1);
const MS = RATE / 1000;

/** A listener: what was placed, frame by frame, cut where pause and flush cut. */
class Ear {
  constructor() {
    this.heard = new Map(); // frame -> sample index
  }
  place(blocks) {
    for (const { at, first, samples } of blocks) {
      for (let i = 0; i < samples.length; i += 1) {
        assert.equal(samples[i], ((first + i) % 30000) + 1, "the sample is the one its number says");
        assert.ok(!this.heard.has(at + i), "two samples at one time");
        this.heard.set(at + i, first + i);
      }
    }
  }
  cut(frame) {
    for (const at of [...this.heard.keys()]) if (at >= frame) this.heard.delete(at);
  }
  upTo(frame) {
    return [...this.heard].filter(([at]) => at < frame).sort((a, b) => a[0] - b[0]).map(([, s]) => s);
  }
}

test("nothing starts before 80 ms are buffered or 120 ms have passed", () => {
  const p = new Playout();
  p.begin(1, 1);
  p.frame(1, 1, 0, block(40 * MS), 1000);
  assert.deepEqual([], p.pump(0, 1000));
  assert.equal(p.pump(0, 1121).length, 1);

  const q = new Playout();
  q.begin(1, 1);
  q.frame(1, 1, 0, block(80 * MS), 1000);
  assert.equal(q.pump(0, 1000)[0].at, 20 * MS);
});

test("a short whole reply starts at once", () => {
  const p = new Playout();
  p.begin(1, 1);
  p.frame(1, 1, 0, block(10), 0);
  p.end(1, 1, 10);
  assert.equal(p.pump(0, 0).length, 1);
});

test("blocks follow each other without a gap and the position is exact", () => {
  const p = new Playout();
  p.begin(1, 1);
  for (let i = 0; i < 10; i += 1) p.frame(1, 1, i * 960, block(960, i * 960), 0);
  const placed = p.pump(1000, 0);
  const start = placed[0].at;
  placed.reduce((end, b) => (assert.equal(b.at, end), b.at + b.samples.length), start);
  assert.equal(p.played(start - 1), 0);
  assert.equal(p.played(start + 1234), 1234);
  assert.equal(p.buffered(start + 1234), 9600 - 1234);
});

test("a frame that overlaps what is here is trimmed, one that is old is dropped", () => {
  const p = new Playout();
  p.begin(1, 1);
  p.frame(1, 1, 0, block(1000), 0);
  assert.equal(p.frame(1, 1, 0, block(1000), 0), null);
  const fresh = p.frame(1, 1, 600, block(1000, 600), 0);
  assert.equal(fresh.first, 1000);
  assert.equal(fresh.samples.length, 600);
  assert.equal(fresh.samples[0], 1001);
  assert.equal(p.dropped, 1400);
});

test("sound of an unknown reply or an old epoch is dropped", () => {
  const p = new Playout();
  p.begin(3, 1);
  assert.equal(p.frame(2, 1, 0, block(10), 0), null);
  assert.equal(p.frame(3, 2, 0, block(10), 0), null);
  assert.equal(p.begin(2, 9), false);
});

test("an underrun is counted, loses nothing, and waits for a little more", () => {
  const p = new Playout();
  const ear = new Ear();
  p.begin(1, 1);
  p.frame(1, 1, 0, block(2400), 0);
  ear.place(p.pump(0, 0));
  assert.equal(p.underruns, 0);
  p.pump(10_000, 400); // long dry
  assert.equal(p.underruns, 1);
  p.frame(1, 1, 2400, block(960, 2400), 500);
  assert.deepEqual(p.pump(12_400, 500), [], "40 ms are not enough after an underrun");
  assert.equal(p.played(12_400), 2400);
  p.frame(1, 1, 3360, block(960, 3360), 540);
  const [again] = p.pump(13_360, 540);
  ear.place([again]);
  assert.equal(again.first, 2400);
  assert.equal(p.played(again.at + 100), 2500);
  assert.equal(p.underruns, 1);
});

test("a start that came too late is made again, further ahead, with the same samples", () => {
  const p = new Playout();
  p.begin(1, 1);
  p.frame(1, 1, 0, block(1920), 0);
  const missed = p.pump(1000, 0);
  p.late(missed);
  assert.equal(p.played(5000), 0, "nothing of it counts");
  const [again] = p.pump(1600, 0);
  assert.deepEqual([again.first, again.samples.length], [0, 1920]);
  assert.ok(again.at - 1600 > missed[0].at - 1000);
  assert.equal(p.underruns, 0, "nothing sounded before, so nothing broke off");

  p.frame(1, 1, 1920, block(960, 1920), 0);
  p.late(p.pump(again.at + 1500, 0));
  const [next] = p.pump(again.at + 1700, 0);
  assert.equal(next.first, 1920);
  assert.ok(next.at > again.at + 1920, "behind what sounds, with a gap");
  assert.equal(p.underruns, 1);
});

test("late sound after the end is known does not wait", () => {
  const p = new Playout();
  p.begin(1, 1);
  p.frame(1, 1, 0, block(2400), 0);
  p.pump(0, 0);
  p.frame(1, 1, 2400, block(100, 2400), 900);
  p.end(1, 1, 2500);
  assert.equal(p.pump(20_000, 900).length, 1);
});

test("pause keeps the exact sample and continue goes on from it", () => {
  const p = new Playout();
  const ear = new Ear();
  p.begin(1, 1);
  for (let i = 0; i < 10; i += 1) p.frame(1, 1, i * 960, block(960, i * 960), 0);
  ear.place(p.pump(0, 0));
  const cut = 480 + 3333;
  const held = p.pause(cut);
  ear.cut(cut);
  assert.equal(held, 3333);
  assert.deepEqual(p.pump(cut + 50_000, 9000), []);
  assert.equal(p.played(cut + 50_000), 3333);
  p.end(1, 1, 9600);
  assert.equal(p.finish(cut + 90_000), null, "a paused reply does not end");
  p.continue(9000);
  const now = 100_000;
  ear.place(p.pump(now, 9000));
  let later = now;
  for (let i = 0; i < 20; i += 1) ear.place(p.pump((later += 1000), 9100));
  assert.deepEqual(ear.upTo(Infinity), Array.from({ length: 9600 }, (_, i) => i));
  assert.equal(p.finish(200_000).samples, 9600);
});

test("flush drops older epochs, says how far it came, and the next epoch plays", () => {
  const p = new Playout();
  p.begin(1, 7);
  p.frame(1, 7, 0, block(9600), 0);
  p.pump(0, 0);
  assert.deepEqual(p.flush(2, 480 + 1000), { epoch: 1, reply: 7, samples: 1000 });
  assert.equal(p.current, null);
  assert.equal(p.frame(1, 7, 9600, block(10), 0), null);
  assert.deepEqual(p.flush(3, 2000), { epoch: 0, reply: 0, samples: 0 });
  assert.equal(p.begin(3, 8), true);
});

test("flushing twice is the same as flushing once", () => {
  const p = new Playout();
  p.begin(1, 7);
  p.frame(1, 7, 0, block(9600), 0);
  p.pump(0, 0);
  p.flush(2, 1000);
  assert.deepEqual(p.flush(2, 1500), { epoch: 0, reply: 0, samples: 0 });
});

test("a flush that names the epoch being played leaves it alone", () => {
  const p = new Playout();
  p.begin(4, 7);
  p.frame(4, 7, 0, block(9600), 0);
  p.flush(4, 100);
  assert.equal(p.current.reply, 7);
});

test("a reply ends when its last sample is out, not before", () => {
  const p = new Playout();
  p.begin(1, 1);
  p.frame(1, 1, 0, block(1000), 0);
  p.end(1, 1, 1000);
  const [b] = p.pump(0, 0);
  assert.equal(p.finish(b.at + 999), null);
  assert.deepEqual(p.finish(b.at + 1000), { epoch: 1, reply: 1, samples: 1000 });
  assert.equal(p.finish(b.at + 1001), null);
});

test("an empty reply ends", () => {
  const p = new Playout();
  p.begin(1, 1);
  p.end(1, 1, 0);
  assert.equal(p.finish(0).samples, 0);
});

test("the next reply waits for the one before", () => {
  const p = new Playout();
  p.begin(1, 1);
  p.frame(1, 1, 0, block(2400), 0);
  p.pump(0, 0);
  p.begin(1, 2);
  p.frame(1, 2, 0, block(2400), 0);
  assert.equal(p.current.reply, 1);
  assert.equal(p.finish(480 + 2400).reply, 1);
  assert.equal(p.pump(3000, 300)[0].first, 0);
  assert.equal(p.current.reply, 2);
});

test("after a reload a reply goes on from where it was", () => {
  const p = new Playout();
  p.begin(5, 3, 12_000);
  assert.equal(p.played(0), 12_000);
  p.frame(5, 3, 11_520, block(2880, 11_520), 0);
  const [b] = p.pump(0, 0);
  assert.equal(b.first, 12_000);
  assert.equal(p.played(b.at + 10), 12_010);
});

test("what the backend no longer knows is played to its end", () => {
  const p = new Playout();
  p.begin(1, 1);
  p.frame(1, 1, 0, block(2400), 0);
  const [b] = p.pump(0, 0);
  p.endHere();
  assert.equal(p.finish(b.at + 2400).samples, 2400);
});

test("sound beyond thirty seconds is refused, not kept", () => {
  const p = new Playout();
  p.begin(1, 1);
  p.frame(1, 1, 0, new Int16Array(RATE * 30), 0);
  assert.equal(p.frame(1, 1, RATE * 30, block(10), 0), null);
});

test("whatever the line does, each sample is heard once and in order", () => {
  let seed = 7;
  const random = () => ((seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648);
  for (let round = 0; round < 40; round += 1) {
    const p = new Playout();
    const ear = new Ear();
    const total = 3000 + Math.floor(random() * 30_000);
    let now = 0;
    let sent = 0;
    p.begin(1, 1);
    let paused = false;
    let over = null;
    for (let step = 0; step < 4000 && !over; step += 1) {
      now += Math.floor(random() * 900);
      const at = now / MS;
      if (sent < total && random() < 0.6) {
        const first = Math.max(0, sent - (random() < 0.2 ? Math.floor(random() * 2000) : 0));
        const last = Math.min(total, sent + Math.floor(random() * 1500) + 1);
        p.frame(1, 1, first, block(last - first, first), at);
        sent = last;
        if (sent === total) p.end(1, 1, total);
      }
      if (random() < 0.01) {
        if (paused) p.continue(at);
        else {
          p.pause(now + 480);
          ear.cut(now + 480);
          now += 480;
        }
        paused = !paused;
      } else {
        const placed = p.pump(now, at);
        if (placed.length && random() < 0.2) {
          p.late(placed); // the page was held up
          now += Math.floor(random() * 400);
          ear.place(p.pump(now, at));
        } else {
          ear.place(placed);
        }
      }
      if (step % 25 === 0) assert.equal(p.played(now), ear.upTo(now).length, "the count is what was heard");
      over = p.finish(now);
    }
    assert.ok(over, "the reply ends");
    assert.deepEqual(ear.upTo(Infinity), Array.from({ length: total }, (_, i) => i));
  }
});
