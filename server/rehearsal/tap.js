// Injected before the page's own scripts: sends a copy of everything the page plays, and what it shows of its state, to
// the rehearsal. The page's own sound is not touched. Frames: run u32, rate u32, milliseconds since 1970 f64 (when the
// last sample was rendered), then s16le mono. A run is a stretch without a gap.
(() => {
  const ADDRESS = "wss://meeting-data.bot.recall.ai/rehearsal/tap";
  const MOST_WAITING = 500; // frames kept while the socket opens: five seconds; then the oldest are lost
  const STATE_MS = 50;
  const now = () => performance.timeOrigin + performance.now();
  const waiting = [];
  let socket = null;
  let runs = 0;
  let pinging = 0;

  function send(frame) {
    if (socket?.readyState === 1) return socket.send(frame);
    waiting.push(frame);
    if (waiting.length > MOST_WAITING) waiting.shift();
  }

  function connect() {
    socket = new WebSocket(ADDRESS);
    socket.onopen = () => {
      const ping = () => send(JSON.stringify({ type: "ping", t: now() }));
      for (let i = 0; i < 8; i += 1) setTimeout(ping, i * 60);
      clearInterval(pinging);
      pinging = setInterval(ping, 1000);
      for (const frame of waiting.splice(0)) send(frame);
    };
    socket.onmessage = ({ data }) => {
      const { t, at } = JSON.parse(data);
      send(JSON.stringify({ type: "clock", t, at, back: now() }));
    };
    socket.onclose = () => setTimeout(connect, 500);
  }
  if (window.top === window) connect();

  // ---- sound: whatever is connected to a context's destination is connected to a tap as well

  const taps = new WeakMap();
  const plug = AudioNode.prototype.connect;
  const unplug = AudioNode.prototype.disconnect;

  function tapOf(context) {
    let tap = taps.get(context);
    if (!tap) {
      tap = new MediaStreamAudioDestinationNode(context, { channelCount: 1 });
      taps.set(context, tap);
      read(context, tap.stream.getAudioTracks()[0]);
    }
    return tap;
  }

  AudioNode.prototype.connect = function connect(to, ...rest) {
    if (to instanceof AudioDestinationNode) plug.call(this, tapOf(this.context), rest[0] ?? 0);
    return plug.call(this, to, ...rest);
  };
  AudioNode.prototype.disconnect = function disconnect(...from) {
    const tap = from[0] instanceof AudioDestinationNode ? taps.get(this.context) : null;
    if (tap) {
      try {
        unplug.call(this, tap);
      } catch {
        // It was connected before it was tapped.
      }
    }
    return unplug.apply(this, from);
  };

  async function read(context, track) {
    const frames = new MediaStreamTrackProcessor({ track, maxBufferSize: 400 }).readable.getReader();
    let run = (runs += 1);
    let last = null;
    context.addEventListener("statechange", () => {
      if (context.state !== "running") run = runs += 1;
    });
    for (;;) {
      const { value: sound, done } = await frames.read();
      if (done) return;
      const count = sound.numberOfFrames;
      // Sound that comes much later than its place says is a new run: the context slept in between.
      const gap = last === null ? 0 : sound.timestamp - last.timestamp - (last.count / sound.sampleRate) * 1e6;
      if (gap > 100_000 && last.run === run) run = runs += 1;
      last = { timestamp: sound.timestamp, count, run };
      const samples = new Float32Array(count);
      sound.copyTo(samples, { planeIndex: 0, format: "f32-planar" });
      const frame = new ArrayBuffer(16 + count * 2);
      const view = new DataView(frame);
      view.setUint32(0, run, true);
      view.setUint32(4, sound.sampleRate, true);
      view.setFloat64(8, now(), true);
      const pcm = new Int16Array(frame, 16);
      for (let i = 0; i < count; i += 1) pcm[i] = Math.max(-32768, Math.min(32767, Math.round(samples[i] * 32768)));
      sound.close();
      send(frame);
    }
  }

  // ---- what the page says about itself

  let said = "";
  setInterval(() => {
    const state = window.parley?.state;
    if (!state) return;
    const stage = document.querySelector("main")?.dataset.stage ?? "";
    const card = stage === "card" ? (document.querySelector(".card")?.innerText ?? "") : "";
    const { agent, reply, paused, connection, mic, feed } = state;
    const facts = { agent, reply, paused: Boolean(paused), connection, mic, feed, card };
    const text = JSON.stringify(facts);
    if (text === said) return;
    said = text;
    send(JSON.stringify({ type: "state", t: now(), ...facts }));
  }, STATE_MS);
})();
