// What the host's transcript socket said and the backend has not yet confirmed. Pure.
//
// Bounded: when full, the oldest partial goes first (a later one repeats its words), then the oldest final; each is
// counted. While our own socket is away a message replaces the same speaker's partial right before it.

const MOST = 500;

/** Is this message a partial? Any of the shapes the host has used; anything unclear is kept as final. */
export function isPartial(raw) {
  if (typeof raw.event === "string") return raw.event.includes("partial");
  return raw.transcript?.is_final === false || raw.is_final === false;
}

/** Whose words these are, as far as a message says so. Used only to coalesce. */
function speakerOf(raw) {
  const inner = raw.transcript ?? raw.data?.data ?? raw.data ?? raw;
  const who = inner?.participant ?? {};
  return JSON.stringify([inner?.original_transcript_id, who.id ?? inner?.speaker_id, who.name ?? inner?.speaker]);
}

export class TranscriptQueue {
  constructor(most = MOST) {
    this.most = most;
    this.seq = 0;
    this.dropped = 0;
    this.coalesced = 0;
    /** @type {{seq: number, raw: object, at: number, partial: boolean, speaker: string, sent: boolean}[]} */
    this.items = [];
  }

  /** @param {object} raw @param {number} at ms @param {boolean} online @returns the entry to send now, or null */
  push(raw, at, online) {
    const partial = isPartial(raw);
    const speaker = speakerOf(raw);
    if (!online) {
      const last = this.items.at(-1);
      // Not sent yet under this seq, so its place may be taken.
      if (last && last.partial && !last.sent && last.speaker === speaker) {
        Object.assign(last, { raw, at, partial });
        this.coalesced += 1;
        return null;
      }
    }
    this.seq += 1;
    const item = { seq: this.seq, raw, at, partial, speaker, sent: online };
    this.items.push(item);
    if (this.items.length > this.most) this.#drop();
    return online ? item : null;
  }

  #drop() {
    const partial = this.items.findIndex((item) => item.partial);
    this.items.splice(Math.max(0, partial), 1);
    this.dropped += 1;
  }

  ack(seq) {
    while (this.items.length && this.items[0].seq <= seq) this.items.shift();
  }

  /** After a reconnect: everything the backend does not have, in order. @param {number} acked */
  resend(acked) {
    this.ack(acked);
    for (const item of this.items) item.sent = true;
    return [...this.items];
  }
}
