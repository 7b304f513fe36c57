// The page's side of the wire to the backend. The socket itself lives in the worker; here are the conversation's
// rules: hello first, welcome opens, a refused or replaced page stays away, everything else comes back for ever.

import { MessageError, build, parseMessage, unpackVoice } from "./messages.js";
import { createBackoff } from "./backoff.js";

const REFUSED = 4401;
const REPLACED = 4409;
const PING_MS = 10_000;
const DEAF_MS = 25_000; // nothing heard for this long: a half-open connection

/**
 * @param {{
 *   worker: Worker, url: string, hello: () => object,
 *   message: (message: object) => void, voice: (frame: object) => void,
 *   changed: (state: "connecting"|"open"|"lost"|"refused"|"replaced") => void,
 *   garbage: (what: string) => void,
 * }} options
 */
export function createConnection({ worker, url, hello, message, voice, changed, garbage }) {
  const backoff = createBackoff();
  let state = "connecting";
  let attempt = 0;
  let retry = 0;
  let pinger = 0;
  let heardAt = 0;
  let stopped = true;
  const counts = { reconnects: 0, rtt: 0 };

  function become(next) {
    if (state === next) return;
    state = next;
    changed(next);
  }

  function open() {
    attempt += 1;
    worker.postMessage({ kind: "open", url, attempt });
  }

  function post(value) {
    worker.postMessage({ kind: "send", text: JSON.stringify(value) });
  }

  function opened() {
    heardAt = performance.now();
    post(build("hello", hello()));
    clearInterval(pinger);
    pinger = setInterval(() => {
      if (performance.now() - heardAt > DEAF_MS) worker.postMessage({ kind: "close", attempt });
      else if (state === "open") post(build("ping", { t: performance.now() }));
    }, PING_MS);
  }

  function closed(code) {
    clearInterval(pinger);
    worker.postMessage({ kind: "ready", on: false });
    if (stopped) return;
    if (code === REFUSED || code === REPLACED) {
      become(code === REFUSED ? "refused" : "replaced");
      return;
    }
    if (state === "open") counts.reconnects += 1;
    become("lost");
    retry = setTimeout(open, backoff.wait());
  }

  function text(source) {
    heardAt = performance.now();
    let parsed;
    try {
      parsed = parseMessage(source);
    } catch (error) {
      garbage(error.message);
      return;
    }
    if (!parsed) return;
    if (parsed.type === "pong") {
      counts.rtt = performance.now() - parsed.t;
      return;
    }
    if (parsed.type === "welcome") {
      backoff.reset();
      worker.postMessage({ kind: "ready", on: true });
      become("open");
    }
    message(parsed);
  }

  function sound(frame) {
    heardAt = performance.now();
    try {
      voice(unpackVoice(frame));
    } catch (error) {
      if (!(error instanceof MessageError)) throw error;
      garbage(error.message);
    }
  }

  function listen({ data }) {
    if (data.kind === "text") text(data.text);
    else if (data.kind === "voice") sound(data.frame);
    else if (data.kind === "opened" && data.attempt === attempt) opened();
    else if (data.kind === "closed" && data.attempt === attempt) closed(data.code);
  }

  return {
    counts,
    get state() {
      return state;
    },
    start() {
      stopped = false;
      worker.addEventListener("message", listen);
      open();
    },
    stop() {
      stopped = true;
      clearTimeout(retry);
      clearInterval(pinger);
      worker.removeEventListener("message", listen);
      worker.postMessage({ kind: "close", attempt });
    },
    /** @returns {boolean} false when the backend is away; the caller decides what is worth keeping */
    send(type, values) {
      if (state !== "open") return false;
      post(build(type, values));
      return true;
    },
  };
}
