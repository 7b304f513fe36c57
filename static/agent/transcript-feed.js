// The host's transcript socket: reachable only from inside a bot, so everywhere else it fails, quietly, for ever.
// What it says is not understood here; every JSON object goes to the backend as it is.

import { createBackoff } from "./backoff.js";

const MOST_CHARACTERS = 60_000; // a text frame of ours may have 64 KiB

/**
 * @param {{url: string, object: (raw: object) => void, connected: (on: boolean) => void, garbage: () => void,
 *   makeSocket?: (url: string) => WebSocket, later?: typeof setTimeout}} options
 */
export function createTranscriptFeed({
  url,
  object,
  connected,
  garbage,
  makeSocket = (address) => new WebSocket(address),
  later = setTimeout,
}) {
  const backoff = createBackoff({ first: 3000, most: 3000 });
  /** @type {WebSocket|null} */ let socket = null;
  let retry = 0;
  let stopped = true;

  function open() {
    if (stopped) return;
    const mine = makeSocket(url);
    socket = mine;
    mine.onopen = () => connected(true);
    mine.onmessage = ({ data }) => read(data);
    mine.onclose = () => {
      if (mine !== socket) return;
      socket = null;
      connected(false);
      retry = later(open, backoff.wait());
    };
  }

  function read(data) {
    if (typeof data !== "string" || data.length > MOST_CHARACTERS) return garbage();
    let raw;
    try {
      raw = JSON.parse(data);
    } catch {
      return garbage();
    }
    if (raw === null || typeof raw !== "object" || Array.isArray(raw)) return garbage();
    // Characters are not bytes: the frame that carries it must fit.
    if (data.length > 15_000 && new TextEncoder().encode(data).length > MOST_CHARACTERS) return garbage();
    return object(raw);
  }

  return {
    start() {
      stopped = false;
      if (url) open();
    },
    stop() {
      stopped = true;
      clearTimeout(retry);
      const old = socket;
      socket = null;
      old?.close();
    },
  };
}
