// The meeting's sound on this page: what the person hears, and what the agent's page gets as its microphone.
// The agent's own voice never enters it: that one plays inside the agent's page.

const FRAME_HEADER = 4;

/** @param {{trouble: (sentence: string) => void}} to */
export function createSound(to) {
  const possible = "AudioWorkletNode" in window && Boolean(navigator.mediaDevices);
  /** Runs only after a click; until then the agent's page holds a stream without samples. */
  const context = new AudioContext({ sampleRate: 48_000, latencyHint: "interactive" });
  const toAgent = new MediaStreamAudioDestinationNode(context, { channelCount: 1 });
  const heard = new GainNode(context, { gain: 1 });
  heard.connect(context.destination);
  let ring = null;
  let microphone = null;

  const ready = (async () => {
    if (!possible) return to.trouble("This browser gives no sound here: open the room on localhost or over https.");
    await context.audioWorklet.addModule("/static/rehearsal/ring-processor.js");
    ring = new AudioWorkletNode(context, "parley-ring", { numberOfInputs: 0, outputChannelCount: [1] });
    ring.connect(heard);
    ring.connect(toAgent);
  })();

  return {
    /** What the agent's page asks for. Each asker gets tracks of its own, to stop as it likes. */
    async stream() {
      return toAgent.stream.clone();
    },

    /** Call it in a click: browsers let a page sound only after one. */
    async join() {
      await Promise.all([ready, context.resume()]);
    },

    get running() {
      return context.state === "running";
    },

    /** A binary message of the room's socket. */
    frame(data) {
      if (!ring || context.state !== "running") return;
      ring.port.postMessage(new Int16Array(data, FRAME_HEADER).slice());
    },

    /** Whether the person hears the people of the meeting; the agent hears them always. */
    aloud(on) {
      heard.gain.setTargetAtTime(on ? 1 : 0, context.currentTime, 0.02);
    },

    /** Put the person's microphone into the meeting, or take it out. Returns whether it is in. */
    async talk(on) {
      if (!on) {
        microphone?.source.disconnect();
        for (const track of microphone?.stream.getTracks() ?? []) track.stop();
        microphone = null;
        return false;
      }
      if (microphone) return true;
      try {
        // Echo cancellation: the agent's voice from the loudspeaker must not come back as somebody speaking.
        const stream = await navigator.mediaDevices.getUserMedia({
          audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
        });
        const source = new MediaStreamAudioSourceNode(context, { mediaStream: stream });
        const meter = new AnalyserNode(context, { fftSize: 512 });
        source.connect(toAgent);
        source.connect(meter);
        microphone = { stream, source, meter, samples: new Float32Array(512) };
        return true;
      } catch (error) {
        const denied = error.name === "NotAllowedError";
        to.trouble(denied ? "The browser was told not to give the microphone." : "There is no microphone to use.");
        return false;
      }
    },

    /** How loud the microphone is, 0 to 1. */
    level() {
      if (!microphone) return 0;
      microphone.meter.getFloatTimeDomainData(microphone.samples);
      const power = microphone.samples.reduce((sum, x) => sum + x * x, 0) / microphone.samples.length;
      return Math.min(1, Math.max(0, 1 + (10 * Math.log10(power + 1e-9)) / 50));
    },
  };
}
