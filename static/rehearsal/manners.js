// The agent's manners in plain words: who has the floor, what its voice does, whether its hand is up. Pure.

/** Lines that can still be open: nobody has more under way. */
const RECENT = 30;
/** With these the agent's voice sounds. */
const SOUNDING = new Set(["speaking", "lowered", "going on"]);
/** Milliseconds for which a turn of its voice is worth reading. */
const PASSING = { "going on": 2500, stopped: 6000 };

/** Everybody whose line is being said, by id. @returns {Map<number, string>} the names */
export function speakers(lines) {
  const open = [...lines.values()].slice(-RECENT).filter((line) => !line.final && !line.agent);
  return new Map(open.map((line) => [line.person, line.speaker]));
}

/**
 * Who has the floor.
 * @param {object} room @param {boolean} microphone what is heard came by the own microphone
 * @returns {{text: string, who: number|null}} `who` is a person's id, 0 the agent, null nobody in particular
 */
export function floorOf(room, microphone) {
  const people = speakers(room.lines);
  const agent = SOUNDING.has(room.manners.voice);
  const [first = null] = people.keys();
  if (people.size) {
    const names = [...people.values()];
    const many = names.length > 1;
    const over = `${many ? "talk" : "talks"} over ${room.agent}`;
    return { text: `${list(names)} ${agent ? over : many ? "are speaking" : "is speaking"}`, who: first };
  }
  // Sound that no line explains: the person's own voice, or a noise.
  if (room.manners.talking && !room.manners.explained) {
    if (agent) return { text: `${microphone ? "You talk" : "Somebody talks"} over ${room.agent}`, who: null };
    return { text: microphone ? "You are heard" : "Somebody is heard", who: null };
  }
  return agent ? { text: `${room.agent} is speaking`, who: 0 } : { text: "Quiet", who: null };
}

function list(names) {
  return names.length < 3 ? names.join(" and ") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/** What its voice does. @param {object} room @param {number} since milliseconds since the voice last turned */
export function voiceOf(room, since) {
  const { voice, words } = room.manners;
  const over = since >= (PASSING[voice] ?? Infinity);
  if (voice === "going on") return { kind: over ? "speaking" : voice, text: over ? "Speaking" : "Going on" };
  if (voice === "stopped" && !over) return { kind: voice, text: words ? `Stopped: ${words}` : "Stopped" };
  if (voice === "lowered") return { kind: voice, text: "Lowered" };
  if (voice === "held") return { kind: voice, text: "Held" };
  // The state of a reply comes a moment before its voice.
  if (voice === "speaking" || room.state === "speaking") return { kind: "speaking", text: "Speaking" };
  return { kind: "silent", text: { thinking: "About to answer", muted: "Muted" }[room.state] ?? "Silent" };
}

/** Milliseconds until what the voice shows is over by itself, or 0. */
export function passing(voice, since) {
  return Math.max(0, (PASSING[voice] ?? 0) - since);
}

/** Whether there is something to cut into: an answer that sounds, is held or is on its way. */
export function mayInterrupt(room) {
  return SOUNDING.has(room.manners.voice) || room.manners.voice === "held" || ["thinking", "speaking"].includes(room.state);
}

/** What became of its voice during a line, for a few small chips. @param {string[]} turns */
export function toldOf(turns) {
  const words = { lowered: "lowered its voice", held: "held", "going on": "went on", stopped: "stopped" };
  return turns.map((turn) => words[turn] ?? turn);
}
