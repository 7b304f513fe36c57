// The replies being spoken: sound to the player, words to the captions, the mouth to the face. Everything of an old
// epoch is dropped here, in one place.

import { Captions } from "./captions.js";
import { VoiceShape } from "./voice-shape.js";

const AHEAD = 24 * 200; // a caption may come 200 ms before its word, never after
const CAPTION_EVERY_MS = 450; // two or three words at a time: each rewriting costs as much as four mouths

/**
 * @param {{player: ReturnType<import("./player.js").createPlayer>, box: () => object,
 *   show: (captions: string[]) => void, mouth: (shape: object|null) => void}} parts
 */
export function createSpeech({ player, box, show, mouth }) {
  /** @type {Map<number, {captions: Captions, shape: VoiceShape}>} by reply */ const replies = new Map();
  let shownAt = -Infinity;
  let shownReply = 0;

  const stale = (message) => message.epoch < player.playout.epoch;

  function of(reply) {
    let known = replies.get(reply);
    if (!known) {
      known = { captions: new Captions(box()), shape: new VoiceShape() };
      replies.set(reply, known);
      // Replies end or are flushed; this bound only meets a backend that announces and never speaks.
      if (replies.size > 8) replies.delete(replies.keys().next().value);
    }
    return known;
  }

  return {
    stale,
    begin({ epoch, reply }, from = 0) {
      of(reply);
      player.begin(epoch, reply, from);
    },
    piece: ({ reply, index, start, text }) => of(reply).captions.piece(index, start, text),
    marks({ reply, index, words, mouth: shapes }) {
      of(reply).captions.marks(index, words);
      of(reply).shape.marks(shapes);
    },
    sound(frame) {
      const fresh = player.sound(frame);
      if (fresh) of(frame.reply).shape.sound(fresh.first, fresh.samples);
      return fresh;
    },
    end({ epoch, reply, samples }) {
      of(reply).captions.end(samples);
      player.end(epoch, reply, samples);
    },
    /** On the player's tick. @param {number} sample @param {boolean} sounding */
    tick(sample, sounding) {
      const reply = player.playout.current?.reply ?? 0;
      const now = performance.now();
      const speaking = replies.get(reply);
      mouth(sounding && speaking ? speaking.shape.at(sample) : null);
      if (!speaking || !player.playout.current.begun) return;
      if (reply === shownReply && now - shownAt < CAPTION_EVERY_MS) return;
      shownAt = now;
      shownReply = reply;
      show(speaking.captions.at(sample + AHEAD));
    },
    /** The tile made room for a card, or took it back. */
    refit() {
      for (const { captions } of replies.values()) captions.fit(box());
      shownAt = -Infinity;
    },
    forget: (reply) => replies.delete(reply),
    clear() {
      replies.clear();
      shownReply = 0;
    },
  };
}
