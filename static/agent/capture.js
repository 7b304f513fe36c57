// Hands the microphone's track to the worker: as a stream of AudioData where the browser can, else through an
// AudioWorklet (Firefox, Safari). Nothing is assumed about rate, channels or size of what comes.

/** @param {Worker} worker @param {{forceWorklet?: boolean}} options */
export function createCapture(worker, { forceWorklet = false } = {}) {
  /** @type {AudioContext|null} */ let context = null;
  let processor = null;

  async function throughWorklet(track) {
    context = new AudioContext();
    await context.audioWorklet.addModule(new URL("capture-worklet.js", import.meta.url));
    const source = context.createMediaStreamSource(new MediaStream([track]));
    const node = new AudioWorkletNode(context, "parley-capture", { numberOfInputs: 1, numberOfOutputs: 1 });
    const channel = new MessageChannel();
    node.port.postMessage({ port: channel.port1 }, [channel.port1]);
    worker.postMessage({ kind: "port", port: channel.port2, rate: context.sampleRate }, [channel.port2]);
    // The graph only runs when it leads to an output; the node puts out silence.
    source.connect(node).connect(context.destination);
    if (context.state !== "running") await context.resume();
  }

  return {
    /** @param {MediaStreamTrack} track */
    async start(track) {
      this.stop();
      if (!forceWorklet && "MediaStreamTrackProcessor" in globalThis) {
        processor = new globalThis.MediaStreamTrackProcessor({ track });
        worker.postMessage({ kind: "mic", readable: processor.readable }, [processor.readable]);
        return;
      }
      await throughWorklet(track);
    },
    stop() {
      worker.postMessage({ kind: "mic-stop" });
      processor = null;
      context?.close().catch(() => {});
      context = null;
    },
  };
}
