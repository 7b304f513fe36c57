import assert from "node:assert/strict";
import { test } from "node:test";
import { TranscriptQueue, isPartial } from "../../static/agent/transcript-queue.js";
import { createTranscriptFeed } from "../../static/agent/transcript-feed.js";

const partial = (speaker, text) => ({ transcript: { speaker, is_final: false, words: [{ text }] } });
const final = (speaker, text) => ({ transcript: { speaker, is_final: true, words: [{ text }] } });

test("partials of every shape are known; what says nothing is final", () => {
  assert.equal(isPartial(partial("a", "x")), true);
  assert.equal(isPartial(final("a", "x")), false);
  assert.equal(isPartial({ event: "transcript.partial_data", data: {} }), true);
  assert.equal(isPartial({ event: "transcript.data", data: {} }), false);
  assert.equal(isPartial({ data: { words: [] } }), false);
  assert.equal(isPartial({ transcript: null }), false);
});

test("online each message is sent at once and kept until it is confirmed", () => {
  const queue = new TranscriptQueue();
  assert.equal(queue.push(partial("a", "x"), 0, true).seq, 1);
  assert.equal(queue.push(final("a", "x y"), 5, true).seq, 2);
  queue.ack(1);
  assert.deepEqual(queue.items.map((i) => i.seq), [2]);
  queue.ack(2);
  assert.equal(queue.items.length, 0);
});

test("after a loss exactly the unconfirmed are sent again, in order", () => {
  const queue = new TranscriptQueue();
  for (let i = 0; i < 5; i += 1) queue.push(final("a", String(i)), i, true);
  queue.push(final("b", "away"), 9, false);
  assert.deepEqual(queue.resend(3).map((i) => i.seq), [4, 5, 6]);
  assert.deepEqual(queue.resend(5).map((i) => i.seq), [6]);
});

test("while away a speaker's partial takes the place of his last, another's does not", () => {
  const queue = new TranscriptQueue();
  for (const text of ["a", "a b", "a b c"]) queue.push(partial("Ada", text), 0, false);
  queue.push(partial("Ben", "hm"), 0, false);
  queue.push(final("Ada", "a b c d"), 0, false);
  const sent = queue.resend(0);
  assert.deepEqual(sent.map((i) => i.raw.transcript.words[0].text), ["a b c", "hm", "a b c d"]);
  assert.deepEqual(sent.map((i) => i.seq), [1, 2, 3]);
  assert.equal(queue.coalesced, 2);
});

test("a partial that was already sent keeps its number and its words", () => {
  const queue = new TranscriptQueue();
  queue.push(partial("Ada", "sent"), 0, true);
  queue.push(partial("Ada", "later"), 0, false);
  assert.deepEqual(queue.resend(0).map((i) => [i.seq, i.raw.transcript.words[0].text]), [[1, "sent"], [2, "later"]]);
});

test("when full the oldest partial goes first, then the oldest final", () => {
  const queue = new TranscriptQueue(3);
  queue.push(final("a", "1"), 0, true);
  queue.push(partial("a", "2"), 0, true);
  queue.push(final("a", "3"), 0, true);
  queue.push(final("a", "4"), 0, true);
  assert.deepEqual(queue.items.map((i) => i.seq), [1, 3, 4]);
  queue.push(final("a", "5"), 0, true);
  assert.deepEqual(queue.items.map((i) => i.seq), [3, 4, 5]);
  assert.equal(queue.dropped, 2);
});

function fakeFeed() {
  const seen = { objects: [], connected: [], garbage: 0, sockets: [], retries: [] };
  const feed = createTranscriptFeed({
    url: "wss://example.test/",
    object: (raw) => seen.objects.push(raw),
    connected: (on) => seen.connected.push(on),
    garbage: () => (seen.garbage += 1),
    makeSocket: () => {
      const socket = { close() {} };
      seen.sockets.push(socket);
      return socket;
    },
    later: (again, ms) => seen.retries.push([again, ms]),
  });
  return { feed, seen };
}

test("objects pass, garbage is counted and nothing throws", () => {
  const { feed, seen } = fakeFeed();
  feed.start();
  const [socket] = seen.sockets;
  for (const data of ["", "nonsense", "[1]", "null", "7", '"x"', new ArrayBuffer(3), `{"a":"${"x".repeat(70_000)}"}`, `{"a":"${"漢".repeat(30_000)}"}`]) {
    socket.onmessage({ data });
  }
  socket.onmessage({ data: '{"transcript":{}}' });
  assert.equal(seen.garbage, 9);
  assert.deepEqual(seen.objects, [{ transcript: {} }]);
});

test("a closed socket is opened again about three seconds later, for ever", () => {
  const { feed, seen } = fakeFeed();
  feed.start();
  for (let i = 0; i < 20; i += 1) {
    seen.sockets.at(-1).onclose();
    const [again, ms] = seen.retries.at(-1);
    assert.ok(ms >= 2250 && ms <= 3750);
    again();
  }
  assert.equal(seen.sockets.length, 21);
  feed.stop();
  seen.sockets.at(-1).onclose();
  assert.equal(seen.sockets.length, 21);
});
