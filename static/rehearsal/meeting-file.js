// A meeting file from this person's disk, read here so that what cannot be a meeting never travels. The server
// checks the rest.

export const MAX_BYTES = 5_000_000;

/**
 * The parsed JSON of a file. Throws an Error with a sentence for the person.
 * @param {{name: string, size: number, text: () => Promise<string>}} file
 */
export async function readMeetingFile(file) {
  if (file.size > MAX_BYTES) {
    throw new Error(`The file is too big: ${(file.size / 1e6).toFixed(1)} MB, at most 5 MB.`);
  }
  let whole;
  try {
    whole = JSON.parse(await file.text());
  } catch {
    throw new Error("The file is not JSON. A meeting file has a list of turns, each with a speaker and a text.");
  }
  if (typeof whole !== "object" || whole === null || !Array.isArray(whole.turns)) {
    throw new Error('The file is not a meeting: it has no list called "turns".');
  }
  return whole;
}

/** What the file itself suggests to ask afterwards: `questions`, at most four short sentences. */
export function questionsOf(whole) {
  const found = Array.isArray(whole?.questions) ? whole.questions : [];
  return found.filter((text) => typeof text === "string" && text.trim() && text.length <= 200).slice(0, 4);
}

/** Only what the server reads: turns with their four fields, and a title. */
export function lean(whole) {
  const turns = whole.turns.map((turn) =>
    turn && typeof turn === "object"
      ? { speaker: turn.speaker, text: turn.text, start: turn.start, end: turn.end }
      : turn,
  );
  return { title: whole.title ?? whole.id, turns };
}

/** Give a meeting to the room. Throws an Error with the server's sentence when it does not take it. */
export async function sendMeeting(room, name, meeting) {
  const body = JSON.stringify(meeting);
  const query = new URLSearchParams({ room, name: name.slice(0, 60) });
  const answer = await fetch(`/rehearsal/meeting?${query}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body,
  }).catch(() => null);
  if (!answer) throw new Error("There is no connection right now. Try again in a moment.");
  if (answer.ok) return;
  const { message } = await answer.json().catch(() => ({}));
  throw new Error(message ?? "The meeting could not be loaded.");
}
