// Injected before the page's own scripts: the rehearsed meeting's sound in place of the bot's microphone. It comes over
// the mapped transcript host, because that is where the page's policy lets a socket go, and is laid end to end on a
// 48 kHz context, because a worklet module of ours would have no address the policy allows.
(() => {
  const ADDRESS = "wss://meeting-data.bot.recall.ai/rehearsal/sound";
  const RATE = 48000;
  // Seconds kept in hand against late frames: more each time they were later than that, on a machine that is busy.
  const LEAD = { first: 0.02, step: 0.02, most: 0.15 };
  // Seconds more than that after which silence is left out, and the samples that count as it.
  const LATE = 0.05;
  const SILENT = 100;
  let stream = null;

  function open() {
    const context = new AudioContext({ sampleRate: RATE, latencyHint: "interactive" });
    const out = new MediaStreamAudioDestinationNode(context, { channelCount: 1 });
    let next = 0;
    let lead = LEAD.first;
    let socket = null;
    const wake = setInterval(() => context.state !== "running" && context.resume().catch(() => {}), 500);
    function connect() {
      socket = new WebSocket(ADDRESS);
      socket.binaryType = "arraybuffer";
      socket.onmessage = ({ data }) => {
        const pcm = new Int16Array(data);
        const now = context.currentTime;
        if (next < now + 0.002 || next > now + 0.5) {
          if (next > 0 && next < now + 0.002) lead = Math.min(LEAD.most, lead + LEAD.step);
          next = now + lead;
        }
        // Blocks that came late in a burst would delay everything behind them for good: catch up where nobody speaks.
        if (next > now + lead + LATE && pcm.every((sample) => Math.abs(sample) < SILENT)) return;
        const buffer = new AudioBuffer({ length: pcm.length, sampleRate: RATE });
        const samples = buffer.getChannelData(0);
        for (let i = 0; i < pcm.length; i += 1) samples[i] = pcm[i] / 32768;
        const source = new AudioBufferSourceNode(context, { buffer });
        source.onended = () => source.disconnect();
        source.connect(out);
        // Whole samples only: a start between two samples would be interpolated and clicks at every seam.
        source.start(Math.round(next * RATE) / RATE);
        next += pcm.length / RATE;
      };
      socket.onclose = () => setTimeout(connect, 500);
    }
    connect();
    out.stream.getAudioTracks()[0].addEventListener("ended", () => clearInterval(wake));
    return out.stream;
  }

  const devices = navigator.mediaDevices ?? new EventTarget();
  if (!navigator.mediaDevices) Object.defineProperty(navigator, "mediaDevices", { value: devices, configurable: true });
  devices.getUserMedia = async (constraints) => {
    if (!constraints?.audio || constraints.video) throw new DOMException("sound only", "NotFoundError");
    stream ??= open();
    return stream.clone();
  };
})();
