// The agent's own words in time with its voice. Pure: text and samples in, at most three short lines out.
//
// A word's sample comes from the voice's marks; without marks a piece's words are spread over its length by their
// characters. Lines are broken once per text with a measuring function from outside, so a line never reflows while
// it is being read.

const RATE = 24_000;
const CHARACTERS_PER_SECOND = 15;

/** @param {string} text @returns {{text: string, offset: number}[]} words, or single characters of scripts without spaces */
export function tokens(text) {
  const out = [];
  const pattern = /[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0e7f][\u3001\u3002\uff01\uff0c\uff1f]?|[^\s\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0e7f]+/gu;
  for (const match of text.matchAll(pattern)) out.push({ text: match[0], offset: match.index });
  return out;
}

const SPACELESS = /^[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0e7f]/u;

/** What a reader sees as one sign: an emoji of five code points is not to be torn. @param {string} word */
function signs(word) {
  return Intl.Segmenter ? Array.from(new Intl.Segmenter().segment(word), (part) => part.segment) : [...word];
}

/** @param {string} word @param {number} width @param {(text: string) => number} measure */
function breakWord(word, width, measure) {
  if (measure(word) <= width) return [word];
  const parts = [];
  let part = "";
  for (const sign of signs(word)) {
    if (part && measure(part + sign) > width) {
      parts.push(part);
      part = "";
    }
    part += sign;
  }
  return [...parts, part];
}

export class Captions {
  /** @param {{width: number, lines: number, measure: (text: string) => number}} box width in pixels */
  constructor(box) {
    /** @type {Map<number, {start: number, text: string, words: [number, number, number][]}>} */
    this.pieces = new Map();
    this.total = null;
    this.fit(box);
  }

  fit({ width, lines, measure }) {
    this.width = width;
    this.most = lines;
    this.measure = measure;
    this.built = null;
  }

  piece(index, start, text) {
    const words = this.pieces.get(index)?.words ?? [];
    this.pieces.set(index, { start, text, words });
    this.built = null;
  }

  marks(index, words) {
    const piece = this.pieces.get(index);
    if (!piece || !words.length) return;
    piece.words = [...piece.words, ...words].sort((a, b) => a[0] - b[0]);
    this.built = null;
  }

  end(samples) {
    this.total = samples;
    this.built = null;
  }

  /** @returns {{text: string, sample: number}[][]} the whole reply, broken into lines of timed words */
  build() {
    if (this.built) return this.built;
    const lines = [];
    let line = [];
    let used = "";
    for (const word of this.#timed()) {
      for (const part of breakWord(word.text, this.width, this.measure)) {
        const joined = used === "" ? part : used + (SPACELESS.test(part) ? "" : " ") + part;
        if (used !== "" && this.measure(joined) > this.width) {
          lines.push(line);
          line = [];
          used = part;
        } else {
          used = joined;
        }
        line.push({ text: part, sample: word.sample });
      }
    }
    if (line.length) lines.push(line);
    this.built = lines;
    return lines;
  }

  #timed() {
    const pieces = [...this.pieces.entries()].sort((a, b) => a[0] - b[0]).map(([, piece]) => piece);
    const out = [];
    let before = 0; // marks may cover only some words; none is said before the one in front of it
    pieces.forEach((piece, i) => {
      const guess = piece.start + (piece.text.length / CHARACTERS_PER_SECOND) * RATE;
      const until = pieces[i + 1]?.start ?? this.total ?? guess;
      const length = Math.max(0, until - piece.start);
      for (const token of tokens(piece.text)) {
        const spread = piece.start + (length * token.offset) / Math.max(1, piece.text.length);
        before = Math.max(before, marked(piece.words, token) ?? spread);
        out.push({ text: token.text, sample: before });
      }
    });
    return out;
  }

  /**
   * What the tile shows when `sample` is being played: the last lines, as far as they are spoken.
   * @param {number} sample @returns {string[]}
   */
  at(sample) {
    const shown = [];
    for (const line of this.build()) {
      const said = line.filter((word) => word.sample <= sample);
      if (!said.length) break;
      shown.push(said.reduce((text, w) => text + (text && !SPACELESS.test(w.text) ? " " : "") + w.text, ""));
      if (said.length < line.length) break;
    }
    return shown.slice(-this.most);
  }
}

/** The sample of the last mark at or before this token, when marks reach that far. */
function marked(words, token) {
  let found = null;
  for (const [offset, length, sample] of words) {
    if (offset > token.offset) break;
    if (token.offset < offset + Math.max(1, length) + 1) found = sample;
  }
  return found;
}
