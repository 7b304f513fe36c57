// What this page knows about the room. Pure: an event in, the next state out; views compare what changed.

import { speakers } from "./manners.js";

/** Lines kept; the oldest leave first, as they do on the server. */
export const KEPT = 400;

/** The state before anybody came in. */
export function emptyRoom() {
  return {
    agent: "Parley",
    state: "listening",
    people: [],
    speaker: 0,
    lines: new Map(),
    meeting: null,
    tally: { answered: 0, silent: 0 },
    manners: { voice: "silent", words: "", hand: "", talking: false, explained: false },
  };
}

/**
 * The room after `event`. Maps are changed in place, since thousands of lines may pass; everything else is replaced.
 * `touched` names the lines to draw again, or is null for all of them.
 * @returns {{room: object, touched: string[]|null}}
 */
export function after(room, event) {
  switch (event.type) {
    case "welcome": {
      const lines = new Map(event.lines.map((line) => [line.id, line]));
      const next = { ...room, agent: event.agent, state: event.state, people: event.people, lines };
      next.meeting = event.meeting;
      next.manners = { ...event.manners, explained: true };
      next.speaker = chosen(room.speaker, event.people);
      next.tally = counted(lines.values());
      return { room: next, touched: null };
    }
    case "people":
      return {
        room: { ...room, people: event.people, speaker: chosen(room.speaker, event.people) },
        touched: [],
      };
    case "line": {
      const before = room.lines.get(event.id);
      room.lines.set(event.id, before?.decision ? { decision: before.decision, ...event } : event);
      const touched = [event.id];
      while (room.lines.size > KEPT) {
        const oldest = room.lines.keys().next().value;
        room.lines.delete(oldest);
        touched.push(oldest);
      }
      if (event.agent || event.final) return { room, touched };
      return { room: { ...room, manners: { ...room.manners, explained: true } }, touched };
    }
    case "decision": {
      const line = room.lines.get(event.line);
      const { type: _, line: __, ...decision } = event;
      const first = !line?.decision;
      if (line) room.lines.set(event.line, { ...line, decision });
      const tally = first ? added(room.tally, decision.verdict) : room.tally;
      return { room: { ...room, tally }, touched: line ? [event.line] : [] };
    }
    case "state":
      return { room: { ...room, state: event.state }, touched: [] };
    case "floor": {
      // A line that is being said explains what the agent hears, until it hears nobody.
      const explained = event.talking && speakers(room.lines).size > 0;
      return { room: { ...room, manners: { ...room.manners, talking: event.talking, explained } }, touched: [] };
    }
    case "voice":
      return { room: { ...room, manners: { ...room.manners, voice: event.voice, words: event.words } }, touched: [] };
    case "hand":
      return { room: { ...room, manners: { ...room.manners, hand: event.label } }, touched: [] };
    case "meeting":
      return { room: { ...room, meeting: event.meeting }, touched: [] };
    case "choose":
      return { room: { ...room, speaker: chosen(event.person, room.people) }, touched: [] };
    default:
      return { room, touched: [] };
  }
}

function chosen(wanted, people) {
  return people.some((person) => person.id === wanted) ? wanted : (people[0]?.id ?? 0);
}

function added(tally, verdict) {
  if (verdict === "reply") return { ...tally, answered: tally.answered + 1 };
  if (verdict === "silent") return { ...tally, silent: tally.silent + 1 };
  return tally;
}

function counted(lines) {
  let tally = { answered: 0, silent: 0 };
  for (const line of lines) if (line.decision) tally = added(tally, line.decision.verdict);
  return tally;
}

/** The colour of a person, one of eight, as the name of a CSS class. */
export function hue(person) {
  return person > 0 ? `hue-${(person - 1) % 8}` : "hue-agent";
}

/** The first letters of a name's first and last word, whatever script it is in. */
export function initial(name) {
  const words = name.trim().split(/\s+/);
  const letters = [words[0], words.length > 1 ? words.at(-1) : ""].map((word) => [...word][0] ?? "");
  return letters.join("").toLocaleUpperCase() || "?";
}

/**
 * A decision in a few plain words.
 * @returns {{verdict: string, why: string, wait: string}} what it did, the reason, and how long the answer took; each may be ""
 */
export function explain({ verdict, words, outcome, latency_ms }) {
  const wait = Number.isFinite(latency_ms) ? `first sound after ${(latency_ms / 1000).toFixed(1)} s` : "";
  switch (verdict) {
    case "reply":
      if (outcome === "interrupted") return { verdict: "Answered and gave way", why: words, wait };
      if (outcome === "withdrawn") return { verdict: "Held its answer back", why: words, wait: "" };
      if (outcome === "failed") return { verdict: "Could not answer", why: "something it needs failed", wait: "" };
      return { verdict: "Answered", why: words, wait };
    case "silent":
      return { verdict: "Stayed silent", why: words, wait: "" };
    case "stop":
      return { verdict: "Stopped", why: words, wait: "" };
    case "mute":
      return { verdict: "Went quiet", why: words, wait: "" };
    default:
      return { verdict: "", why: words, wait: "" };
  }
}

/** How many words of a line have been said after `seconds`. */
export function wordsSaid(line, seconds) {
  if (line.final) return Infinity;
  let count = 0;
  while (count < line.words.length && line.words[count] <= seconds) count += 1;
  return count;
}

/** Seconds as minutes and seconds. */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
