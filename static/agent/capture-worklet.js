// The microphone for browsers without MediaStreamTrackProcessor: collects 20 ms of mono sound and posts it straight
// to the worker.

class Capture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.size = Math.ceil(sampleRate / 50);
    this.block = new Float32Array(this.size);
    this.filled = 0;
    this.out = null;
    this.port.onmessage = ({ data }) => {
      this.out = data.port;
    };
  }

  process([channels]) {
    if (!this.out || channels.length === 0) return true;
    const frames = channels[0].length;
    for (let i = 0; i < frames; i += 1) {
      let sum = 0;
      for (const channel of channels) sum += channel[i];
      this.block[this.filled] = sum / channels.length;
      this.filled += 1;
      if (this.filled === this.size) {
        this.out.postMessage(this.block, [this.block.buffer]);
        this.block = new Float32Array(this.size);
        this.filled = 0;
      }
    }
    return true;
  }
}

registerProcessor("parley-capture", Capture);
