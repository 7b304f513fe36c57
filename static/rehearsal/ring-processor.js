// Plays the meeting's frames as they come in, a little late and evenly. Loaded with audioWorklet.addModule.

/** Samples held before playing starts: bridges two late messages of 40 ms. */
const CUSHION = 48 * 70;
/** More than this is a backlog (a tab that slept): the oldest goes, nobody wants to hear the past. */
const MOST = 48 * 400;

class RingProcessor extends AudioWorkletProcessor {
  constructor() {
    super();
    this.queue = [];
    this.offset = 0;
    this.held = 0;
    this.playing = false;
    this.port.onmessage = ({ data }) => {
      this.queue.push(data);
      this.held += data.length;
      if (this.held > MOST) while (this.held > CUSHION) this.drop();
      // Two messages that nothing follows are played too: the rest of a line is never stuck.
      if (this.held >= CUSHION) this.playing = true;
    };
  }

  drop() {
    this.held -= this.queue[0].length - this.offset;
    this.queue.shift();
    this.offset = 0;
  }

  process(_inputs, [[out]]) {
    let written = 0;
    while (this.playing && written < out.length && this.queue.length) {
      const piece = this.queue[0];
      const count = Math.min(out.length - written, piece.length - this.offset);
      for (let i = 0; i < count; i += 1) out[written + i] = piece[this.offset + i] / 32768;
      written += count;
      this.offset += count;
      this.held -= count;
      if (this.offset === piece.length) {
        this.queue.shift();
        this.offset = 0;
      }
    }
    if (!this.queue.length) this.playing = false;
    return true;
  }
}

registerProcessor("parley-ring", RingProcessor);
