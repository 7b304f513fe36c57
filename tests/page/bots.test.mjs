import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { createBotsConnection } from "../../static/rehearsal/bots-connection.js";
import { createSheet } from "../../static/rehearsal/bots-sheet.js";
import {
  after, badge, cardOf, COUNT_MS, groups, noBots, OPEN_MS, orderOf, pace, problemOf, sentence, setUp, timeOf,
} from "../../static/rehearsal/bots-state.js";

const RECALL = { name: "recall", title: "Recall.ai", shows_page: true };
const MEETSTREAM = { name: "meetstream", title: "MeetStream", shows_page: false };
const OVER = new Set(["done", "failed"]);
const bot = (id, state = "live", rest = {}) => ({
  id, host: "recall", platform: "zoom", bot: `b-${id}`, state, over: OVER.has(state), words: "all is well", advice: "",
  agent: "listening", page: true, people: [], pictures: [], connected: [], recording: null, odd: {},
  steps: [{ at: 1_700_000_000, state, words: "all is well", advice: "" }], ...rest,
});
const answer = (bots, rest = {}) => ({ type: "answer", bots, hosts: [RECALL], reachable: true, ...rest });
const run = (...events) => events.reduce(after, noBots());
const names = (bots) => bots.map((each) => each.id);
const OPENED = { type: "opened" };
const CLOSED = { type: "closed" };

// ---- what is known

test("what was over before the page looked is history; what ends while it looks stays until the panel is closed", () => {
  let state = run(answer([bot("c"), bot("b"), bot("a", "failed")]), OPENED);
  assert.deepEqual([names(groups(state).now), names(groups(state).earlier)], [["c", "b"], ["a"]]);
  state = after(state, answer([bot("c"), bot("b", "failed"), bot("a", "failed")]));
  assert.deepEqual([names(groups(state).now), names(groups(state).earlier)], [["c", "b"], ["a"]]);
  state = after(state, CLOSED);
  assert.deepEqual([names(groups(state).now), names(groups(state).earlier)], [["c"], ["b", "a"]]);
  assert.deepEqual(state.putAway, new Set(["b", "a"]));
  assert.deepEqual(after(state, answer([bot("c")])).putAway, new Set(), "what the server forgot is forgotten here");
});

test("a bot that a command answered with is the newest, or takes its own place", () => {
  const state = run(answer([bot("b"), bot("a")]), { type: "bot", bot: bot("c", "joining") });
  assert.deepEqual(names(state.bots), ["c", "b", "a"]);
  const next = after(state, { type: "bot", bot: bot("b", "leaving") });
  assert.deepEqual(names(next.bots), ["c", "b", "a"]);
  assert.equal(next.bots[1].state, "leaving");
});

test("trouble keeps what is known, and the next answer ends it", () => {
  const trouble = { message: "Parley does not answer.", advice: "" };
  const state = run(answer([bot("a")]), { type: "trouble", trouble });
  assert.deepEqual([state.trouble, names(state.bots)], [trouble, ["a"]]);
  assert.equal(after(state, answer([])).trouble, null);
  assert.equal(after(state, { type: "from the future" }), state);
});

test("it is looked often at an open panel, seldom at a closed one with a bot out, and else never", () => {
  const one = run(answer([bot("a")]));
  assert.equal(pace(noBots(), false), 0);
  assert.equal(pace(one, false), COUNT_MS);
  assert.equal(pace(after(one, OPENED), false), OPEN_MS);
  assert.equal(pace(after(one, OPENED), true), 0, "the tab is hidden");
  assert.equal(pace(run(OPENED), false), OPEN_MS);
  assert.equal(pace(run(answer([bot("a", "done")])), false), 0);
});

test("the button counts the bots that are out and marks a failure that nobody saw", () => {
  assert.equal(badge(noBots()), null);
  assert.equal(badge(run(answer([bot("a", "failed")]))), null, "it is history");
  assert.deepEqual(badge(run(answer([bot("b"), bot("a", "done")]))), { text: "1", label: "1 bot is out", failed: false });
  const state = run(answer([bot("b"), bot("a")]), answer([bot("b", "waiting"), bot("a", "failed")]));
  assert.deepEqual(badge(state), { text: "!", label: "a bot failed, 1 bot is out", failed: true });
  assert.equal(badge(after(after(state, OPENED), CLOSED)).text, "1");
});

test("what must be set up is told apart", () => {
  assert.equal(setUp(noBots()), "unknown");
  assert.equal(setUp(run(answer([], { hosts: [], reachable: false }))), "no-host");
  assert.equal(setUp(run(answer([], { reachable: false }))), "unreachable");
  assert.equal(setUp(run(answer([]))), "ready");
});

// ---- how it is told

test("every state has a word and a shape of its own", () => {
  const states = ["joining", "waiting", "in-call", "live", "leaving", "done", "failed"];
  const chips = states.map((state) => cardOf(bot("a", state), [RECALL]).chip);
  assert.equal(new Set(chips.map((chip) => chip.word)).size, states.length);
  assert.equal(new Set(chips.map((chip) => chip.shape)).size, states.length);
  assert.deepEqual(cardOf(bot("a", "paused"), []).chip, { word: "paused", shape: "ring" });
});

test("a card says which platform through which host, and who is there only while the bot is in the call", () => {
  const people = [{ id: "1", name: "<b>Ana</b>", host: true, bot: false }, { id: "2", name: "", host: false, bot: true }];
  const card = cardOf(bot("a", "live", { people, recording: {}, pictures: [{}], agent: "thinking" }), [RECALL]);
  assert.equal(card.title, "Zoom");
  assert.equal(card.through, `Recall.ai · sent ${timeOf(1_700_000_000)} · recording`);
  assert.equal(card.words, "All is well.");
  assert.equal(card.agent, "The agent is thinking.");
  assert.deepEqual(card.people, { named: [{ name: "<b>Ana</b>", tag: "host" }, { name: "Somebody", tag: "bot" }], more: 0 });
  assert.equal(card.pictures, true);
  const waiting = cardOf(bot("a", "waiting", { people }), [RECALL]);
  assert.deepEqual([waiting.people, waiting.agent], [null, ""]);
  const crowd = Array.from({ length: 20 }, (_, i) => ({ id: String(i), name: `P${i}`, host: false, bot: false }));
  const { named, more } = cardOf(bot("a", "live", { people: crowd }), [RECALL]).people;
  assert.deepEqual([named.length, more], [16, 4]);
  const strange = cardOf(bot("a", "done", { host: "gone", platform: "unknown", steps: [], recording: {}, pictures: [{}] }), []);
  assert.deepEqual([strange.title, strange.through, strange.pictures], ["Meeting", "gone", false]);
});

test("a card says when the agent has no page, or no voice where the host shows none", () => {
  const told = (host, rest) => cardOf(bot("a", "live", { host, page: false, ...rest }), [RECALL, MEETSTREAM]).agent;
  assert.equal(told("recall"), "The agent's page is not shown.");
  assert.equal(told("meetstream"), "The agent's voice is not connected.");
  assert.equal(told("recall", { page: true, agent: "dreaming" }), "");
});

test("what can be done follows the state and the host", () => {
  const can = (state, host = "recall") => cardOf(bot("a", state, { host }), [RECALL, MEETSTREAM]).can;
  assert.deepEqual(can("live"), { tell: true, page: true, leave: true });
  assert.deepEqual(can("in-call", "meetstream"), { tell: true, page: false, leave: true });
  assert.deepEqual(can("waiting"), { tell: false, page: false, leave: true });
  for (const state of ["leaving", "done", "failed"]) assert.deepEqual(can(state), { tell: false, page: false, leave: false });
});

test("the server's words become sentences", () => {
  const said = ["asking Recall.ai for a bot", "öffne", "Is it there?", " so… ", ""].map(sentence);
  assert.deepEqual(said, ["Asking Recall.ai for a bot.", "Öffne.", "Is it there?", "So…", ""]);
});

test("an order carries what was filled in, and leaves the rest to the server", () => {
  const form = { link: " https://m.example/1 ", host: undefined, name: " ", language: "", variant: "", screen: false, senses: [], record: false };
  assert.deepEqual(orderOf(form), { meeting_url: "https://m.example/1", senses: [], screen: false, record: false });
  const full = orderOf({ ...form, host: "meetstream", name: "Nia", language: "pt-BR", senses: ["film"], record: true });
  assert.deepEqual(full, {
    meeting_url: "https://m.example/1", host: "meetstream", name: "Nia", language: "pt-BR", senses: ["film"], screen: false, record: true,
  });
});

test("a refusal is told with what to do, whatever shape it has", () => {
  assert.deepEqual(problemOf(409, { code: "x", message: "no address", advice: "Run it." }), { message: "No address.", advice: "Run it." });
  const fields = [{ field: "language", problem: "too long" }, { field: "name", problem: "odd" }];
  assert.equal(problemOf(400, { message: "not understood", fields }).message, "Not understood: language: too long; name: odd.");
  assert.equal(problemOf(502, null).message, "Parley answered 502.");
  assert.match(problemOf(401, { message: "log in at /login first" }).advice, /Load this page again/);
  assert.match(problemOf(0, null).message, /does not answer/);
});

// ---- when it is asked

let page;
/** What the server was asked: `answer(body, status)` lets one of them come back. */
let asked;

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout"] });
  page = Object.assign(new EventTarget(), { hidden: false });
  globalThis.document = page;
  asked = [];
  mock.method(globalThis, "fetch", (path, { method = "GET", body, signal } = {}) => {
    const { promise, resolve, reject } = withResolvers();
    signal?.addEventListener("abort", () => reject(signal.reason));
    asked.push({
      path, method, body, signal,
      answer: (content, status = 200) => resolve({ status, ok: status < 400, json: async () => content }),
    });
    return promise;
  });
});

afterEach(() => {
  mock.timers.reset();
  mock.restoreAll();
  delete globalThis.document;
});

function withResolvers() {
  const parts = {};
  parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return parts;
}

/** Let everything happen that waits for nothing but its turn. */
const settled = () => new Promise((done) => setImmediate(done));

function connect(wait) {
  const heard = { lists: [], troubles: [], wait };
  const connection = createBotsConnection({
    answer: (list) => heard.lists.push(list),
    trouble: (problem) => heard.troubles.push(problem),
    pace: () => heard.wait,
  });
  return { connection, heard };
}

test("it looks once at the start, and again only as often as it is told to", async () => {
  const { connection, heard } = connect(0);
  connection.start();
  asked[0].answer({ bots: [] });
  await settled();
  mock.timers.tick(60_000);
  assert.deepEqual([asked.length, heard.lists.length], [1, 1]);
  heard.wait = 2000;
  connection.plan();
  mock.timers.tick(1999);
  assert.equal(asked.length, 1);
  mock.timers.tick(1);
  assert.equal(asked.length, 2);
  mock.timers.tick(5000);
  assert.equal(asked.length, 2, "the next look waits for the answer of this one");
  connection.stop();
  mock.timers.tick(60_000);
  await settled();
  assert.deepEqual([asked.length, heard.lists.length, heard.troubles.length], [2, 1, 0]);
});

test("a hidden tab asks nothing, and a tab that comes back asks at once", async () => {
  const { connection, heard } = connect(2000);
  connection.start();
  page.hidden = true;
  page.dispatchEvent(new Event("visibilitychange"));
  mock.timers.tick(60_000);
  await settled();
  assert.deepEqual([asked.length, asked[0].signal.aborted], [1, true]);
  assert.equal(heard.troubles.length, 0, "nobody waits for the answer any more");
  page.hidden = false;
  page.dispatchEvent(new Event("visibilitychange"));
  assert.equal(asked.length, 2);
  asked[1].answer({ bots: [] });
  await settled();
  heard.wait = 0;
  page.dispatchEvent(new Event("visibilitychange"));
  assert.equal(asked.length, 2, "there is nothing to look for");
});

test("a tab that was opened in the background makes its first look when it is seen", () => {
  page.hidden = true;
  const { connection } = connect(0);
  connection.start();
  assert.equal(asked.length, 0);
  page.hidden = false;
  page.dispatchEvent(new Event("visibilitychange"));
  assert.equal(asked.length, 1);
});

test("a look that fails, or takes too long, is told and tried again", async () => {
  const { connection, heard } = connect(2000);
  connection.start();
  asked[0].answer({ message: "log in at /login first" }, 401);
  await settled();
  mock.timers.tick(2000);
  mock.timers.tick(10_000);
  await settled();
  assert.match(heard.troubles[0].message, /no longer logged in/);
  assert.match(heard.troubles[1].message, /does not answer/);
  mock.timers.tick(2000);
  assert.equal(asked.length, 3);
});

test("a look from before a command is void: it would show the time before it", async () => {
  const { connection, heard } = connect(2000);
  connection.start();
  const left = connection.act("a/b", "leave", {});
  asked[1].answer({ id: "a/b", state: "leaving" });
  assert.deepEqual(await left, { content: { id: "a/b", state: "leaving" } });
  assert.deepEqual([asked[1].path, asked[1].method, asked[1].body], ["/api/bots/a%2Fb/leave", "POST", "{}"]);
  asked[0].answer({ bots: ["old"] });
  asked[2].answer({ bots: ["new"] });
  await settled();
  assert.deepEqual(heard.lists, [{ bots: ["new"] }]);
});

test("a refused order comes back with what to do, and the link is in the body alone", async () => {
  const { connection } = connect(0);
  const sent = connection.join({ meeting_url: "https://m.example/1" });
  asked[0].answer({ message: "this is no meeting address", advice: "Copy it." }, 400);
  assert.deepEqual(await sent, { problem: { message: "This is no meeting address.", advice: "Copy it." } });
  assert.equal(asked[0].path, "/api/bots");
  assert.equal(asked[0].body, '{"meeting_url":"https://m.example/1"}');
});

// ---- the contact sheet

/** As much of an element as `make` needs. */
class Element extends EventTarget {
  classList = { add() {} };
  children = [];
  hidden = false;
  setAttribute(name, value) {
    this[name] = name === "hidden" ? true : value;
  }
  append(...children) {
    this.children.push(...children);
  }
}

test("the contact sheet is fetched every few seconds while there are pictures, one at a time", () => {
  page.createElement = () => new Element();
  let now = 0;
  const sheet = createSheet("s 1", () => now);
  const [image] = sheet.element.children;
  sheet.update(false);
  assert.equal(image.src, undefined);
  sheet.update(true);
  assert.equal(image.src, "/api/bots/s%201/sheet?n=1");
  assert.equal(sheet.element.hidden, true, "there is nothing to show yet");
  now = 9000;
  sheet.update(true);
  assert.equal(image.src, "/api/bots/s%201/sheet?n=1", "the one before has not come");
  image.dispatchEvent(new Event("load"));
  assert.equal(sheet.element.hidden, false);
  sheet.update(true);
  image.dispatchEvent(new Event("load"));
  now = 12_000;
  sheet.update(true);
  assert.equal(image.src, "/api/bots/s%201/sheet?n=2", "it is too early for another");
  now = 13_000;
  sheet.update(true);
  assert.equal(image.src, "/api/bots/s%201/sheet?n=3");
  sheet.update(false);
  image.dispatchEvent(new Event("load"));
  assert.equal(sheet.element.hidden, true, "the cameras went off meanwhile");
  now = 20_000;
  sheet.update(true);
  image.dispatchEvent(new Event("error"));
  assert.equal(sheet.element.hidden, true);
});
