// What to try next: a few chips, chosen by how far the rehearsal has come. Pure.

const GENERAL = ["what did we decide?", "what are the action items?", "summarise the meeting."];

/**
 * @param {object} room
 * @param {string[]} questions what the loaded meeting file suggests to ask, complete sentences
 * @returns {{kind: "say"|"sample"|"play"|"instant"|"hush", person?: number, text?: string, label: string}[]}
 */
export function suggestions(room, questions) {
  const [first, second = first] = room.people;
  if (!first) return [];
  const say = (person, text) => ({ kind: "say", person: person.id, text, label: `${person.name}: ${text}` });
  const { agent, meeting } = room;
  if (room.state === "speaking") return [say(second, `${agent}, stop.`), say(first, "Mm-hmm.")];
  if (meeting?.state === "playing") return [];
  const asked = new Set([...room.lines.values()].filter((line) => !line.agent).map((line) => line.text));
  if (meeting && meeting.said > 0) {
    const wanted = new Set([...questions, ...GENERAL.map((rest) => `${agent}, ${rest}`)]);
    return [...wanted]
      .map((text, index) => say(index % 2 ? second : first, text))
      .filter((chip) => !asked.has(chip.text))
      .slice(0, 3);
  }
  if (meeting) {
    return [
      { kind: "play", label: "Play the meeting" },
      { kind: "instant", label: "All of it at once, then ask" },
    ];
  }
  const plan = "Let's ship on Thursday.";
  const chips = [
    say(first, `${agent}, who are you?`),
    say(second, plan),
    ...(asked.has(plan) ? [say(first, `${agent}, when do we ship?`), say(second, `${agent}, who is here?`)] : []),
  ].filter((chip) => !asked.has(chip.text));
  return [...chips.slice(0, 2), { kind: "sample", label: "Load the sample meeting" }];
}
