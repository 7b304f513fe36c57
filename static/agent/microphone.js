// The meeting's sound as the browser offers it. Asked for first of all: a granted microphone is also what lets the
// page make sound without a click. A track that ends is asked for again.

import { createBackoff } from "./backoff.js";

/**
 * @param {{
 *   live: (track: MediaStreamTrack) => void,
 *   gone: (state: "denied"|"missing"|"ended") => void,
 *   processing?: boolean,
 * }} options `processing` asks for echo cancellation and its kin: for bots whose own voice comes back
 */
export function createMicrophone({ live, gone, processing = false }) {
  const devices = globalThis.navigator?.mediaDevices;
  const backoff = createBackoff({ first: 1000, most: 15_000 });
  /** @type {MediaStreamTrack|null} */ let track = null;
  let retry = 0;
  let stopped = true;

  async function ask() {
    clearTimeout(retry);
    if (stopped || track) return;
    try {
      if (!devices?.getUserMedia) throw new DOMException("no media devices", "NotFoundError");
      const stream = await devices.getUserMedia({
        audio: { echoCancellation: processing, noiseSuppression: processing, autoGainControl: processing },
      });
      track = stream.getAudioTracks()[0] ?? null;
      if (!track) throw new DOMException("no audio track", "NotFoundError");
      if (stopped) return release();
      backoff.reset();
      track.addEventListener("ended", ended);
      live(track);
    } catch (error) {
      track = null;
      const denied = error.name === "NotAllowedError" || error.name === "SecurityError";
      gone(denied ? "denied" : "missing");
      // Asking again after a no would nag a person; a new device or a changed permission asks for us.
      if (!denied) retry = setTimeout(ask, backoff.wait());
    }
  }

  function ended() {
    track?.removeEventListener("ended", ended);
    track = null;
    gone("ended");
    retry = setTimeout(ask, backoff.wait());
  }

  function release() {
    track?.removeEventListener("ended", ended);
    track?.stop();
    track = null;
  }

  let permission = null;
  return {
    /** Settles when the first question was answered, whatever the answer. */
    async start() {
      stopped = false;
      devices?.addEventListener?.("devicechange", ask);
      // Firefox does not know this permission's name.
      navigator.permissions?.query({ name: "microphone" }).then(
        (status) => {
          permission = status;
          status.onchange = ask;
        },
        () => {},
      );
      await ask();
    },
    stop() {
      stopped = true;
      clearTimeout(retry);
      devices?.removeEventListener?.("devicechange", ask);
      if (permission) permission.onchange = null;
      release();
    },
  };
}
